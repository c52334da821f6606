import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { HelpLink } from './help-link.tsx';
import { WithCode } from './with-code.tsx';

/** What happened, the next step, and the button for it. The only red on a page. */
export function Problem({
  message,
  next,
  code,
  children,
  compact = false,
}: {
  message: string;
  next: string;
  code?: string;
  children?: ReactNode;
  compact?: boolean;
}) {
  return (
    <div
      className={`flex items-start gap-2.5 rounded-lg border border-trouble-line bg-trouble-wash ${compact ? 'px-3 py-2 text-[0.8125rem]' : 'p-3'}`}
    >
      <TriangleAlert size={16} className="mt-0.5 shrink-0 text-trouble" aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words text-trouble-text">
          <WithCode text={message} />
        </p>
        {next && (
          <p className="mt-0.5 break-words text-soft">
            <WithCode text={next} />
          </p>
        )}
        {code && <HelpLink code={code} />}
        {children && <div className="mt-2 flex flex-wrap gap-2">{children}</div>}
      </div>
    </div>
  );
}
