import * as Radix from '@radix-ui/react-dropdown-menu';
import type { ReactNode } from 'react';

/** A menu under a button. Not modal: nothing is locked, and no style has to be injected for it. */
export function Menu({
  trigger,
  children,
  label,
  align = 'end',
}: {
  trigger: ReactNode;
  children: ReactNode;
  label: string;
  align?: 'start' | 'end';
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      {/* Inside the page’s landmark, so that landmark navigation finds it. */}
      <Radix.Portal container={document.getElementById('main')}>
        <Radix.Content
          aria-label={label}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="z-40 max-h-(--radix-dropdown-menu-content-available-height) w-72 max-w-[calc(100vw-1rem)] overflow-y-auto rounded-xl border border-line-strong bg-raised p-1 shadow-(--shadow)"
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const item =
  'flex w-full items-start gap-2 rounded-lg px-2.5 py-2 text-left outline-none data-highlighted:bg-flame-wash data-highlighted:text-flame-text data-disabled:opacity-50';

export function MenuItem({
  onSelect,
  children,
  danger = false,
  disabled = false,
}: {
  onSelect(): void;
  children: ReactNode;
  danger?: boolean;
  disabled?: boolean;
}) {
  return (
    <Radix.Item
      onSelect={onSelect}
      disabled={disabled}
      className={`${item} ${danger ? 'text-trouble-text data-highlighted:bg-trouble-wash data-highlighted:text-trouble-text' : ''}`}
    >
      {children}
    </Radix.Item>
  );
}

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <Radix.Label className="px-2.5 pt-2 pb-1 text-xs font-medium text-faint">{children}</Radix.Label>
);

export const MenuSeparator = () => <Radix.Separator className="my-1 h-px bg-line" />;
