import type { ComponentProps } from 'react';

type Tone = 'primary' | 'warm' | 'plain' | 'quiet' | 'danger';

const tones: Record<Tone, string> = {
  primary: 'border-transparent bg-flame-fill text-on-flame hover:brightness-110 font-semibold',
  warm: 'border-flame/60 bg-surface text-flame-text hover:border-flame hover:bg-flame-wash',
  plain: 'border-line-strong bg-surface text-text hover:border-faint hover:bg-raised',
  quiet: 'border-transparent bg-transparent text-soft hover:bg-raised hover:text-text',
  danger: 'border-trouble-line bg-surface text-trouble-text hover:bg-trouble-wash',
};

export interface ButtonProps extends ComponentProps<'button'> {
  tone?: Tone;
  size?: 'normal' | 'small' | 'icon';
  /** Its action is in progress: it is disabled and keeps its width. */
  busy?: boolean;
}

const sizes = { normal: 'h-9 px-3.5', small: 'h-8 px-2.5 text-[0.8125rem]', icon: 'size-8 justify-center' };

export function Button({
  tone = 'plain',
  size = 'normal',
  busy = false,
  className = '',
  children,
  disabled,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      className={`inline-flex items-center gap-2 rounded-lg border font-medium whitespace-nowrap transition-[background-color,border-color,filter] select-none disabled:opacity-55 ${sizes[size]} ${tones[tone]} ${className}`}
    >
      {children}
    </button>
  );
}
