import { Check, Info, TriangleAlert, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { HelpLink } from '../../components/help-link.tsx';
import { SpokenNews } from '../../components/spoken-news.tsx';
import { WithCode } from '../../components/with-code.tsx';
import { dismissToast, type Toast, useToasts } from '../../stores/toasts.ts';

/**
 * Results of user actions. Errors stay longer; all stay while hovered or focused. A popover that is raised again for
 * each message, because an open dialog would cover it otherwise.
 */
export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  const region = useRef<HTMLElement>(null);
  const newest = toasts.at(-1)?.id;
  useEffect(() => {
    const element = region.current;
    if (!element) return;
    if (element.matches(':popover-open')) element.hidePopover();
    if (newest !== undefined) element.showPopover();
  }, [newest]);
  return (
    <>
      <section
        ref={region}
        popover="manual"
        aria-label="Messages"
        className="pointer-events-none fixed inset-auto right-0 bottom-16 m-0 w-full flex-col gap-2 overflow-visible border-0 bg-transparent p-4 text-text open:flex sm:bottom-0 sm:w-96"
      >
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} />
        ))}
      </section>
      <SpokenNews />
    </>
  );
}

function ToastCard({ toast }: { toast: Toast }) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismissToast(toast.id), toast.tone === 'error' ? 12_000 : 5000);
    return () => clearTimeout(timer);
  }, [held, toast]);

  const Icon = toast.tone === 'error' ? TriangleAlert : toast.tone === 'success' ? Check : Info;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering only keeps the message visible.
    <div
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className={`appearing pointer-events-auto flex items-start gap-3 rounded-xl border bg-raised p-3 shadow-(--shadow) ${toast.tone === 'error' ? 'border-trouble-line' : 'border-line-strong'}`}
    >
      <Icon
        size={16}
        aria-hidden="true"
        className={`mt-0.5 shrink-0 ${toast.tone === 'error' ? 'text-trouble' : 'text-flame'}`}
      />
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{toast.message}</p>
        {toast.next && (
          <p className="mt-0.5 text-[0.8125rem] break-words text-soft">
            <WithCode text={toast.next} />
          </p>
        )}
        {toast.code && <HelpLink code={toast.code} />}
      </div>
      <button
        type="button"
        aria-label="Dismiss"
        onClick={() => dismissToast(toast.id)}
        className="-m-1 rounded p-1 text-faint hover:text-text"
      >
        <X size={14} aria-hidden="true" />
      </button>
    </div>
  );
}
