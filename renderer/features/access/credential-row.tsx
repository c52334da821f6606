import type { ReactNode } from 'react';

/** One key or session: what it is, what it may do or when it was used, and its buttons. */
export function CredentialRow({
  icon,
  name,
  badge,
  lines,
  note,
  trouble,
  children,
}: {
  icon: ReactNode;
  name: string;
  badge?: ReactNode;
  /** Shown one below the other. */
  lines: readonly ReactNode[];
  /** What a person should do about it. */
  note?: string | null;
  trouble?: string | null;
  children: ReactNode;
}) {
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 py-3">
      <span className="mt-0.5 text-faint" aria-hidden="true">
        {icon}
      </span>
      <div className="min-w-0 flex-1 basis-48">
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-0.5">
          <span className="min-w-0 font-medium [overflow-wrap:anywhere]">{name}</span>
          {badge}
        </p>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a fixed list of lines.
          <p key={index} className="text-[0.8125rem] text-soft">
            {line}
          </p>
        ))}
        {note && <p className="text-[0.8125rem] text-flame-text">{note}</p>}
        {trouble && <p className="text-[0.8125rem] text-trouble-text">{trouble}</p>}
      </div>
      <div className="flex gap-2 max-sm:basis-full max-sm:pl-7">{children}</div>
    </li>
  );
}

export const Badge = ({ children, warm = false }: { children: ReactNode; warm?: boolean }) => (
  <span
    className={`rounded-full border px-2 text-xs leading-5 ${warm ? 'border-flame/60 text-flame-text' : 'border-line-strong text-faint'}`}
  >
    {children}
  </span>
);
