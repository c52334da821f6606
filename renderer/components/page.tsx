import { type ReactNode, useEffect, useRef } from 'react';
import { takeNavigation } from './navigation.ts';

/** The frame of a page: title, one-line summary, buttons. */
export function Page({
  title,
  summary,
  actions,
  children,
}: {
  title: string;
  summary?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Pilotlight`;
  }, [title]);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!takeNavigation()) return;
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className="mx-auto w-full max-w-[120rem] p-4 sm:p-6">
      <header className="mb-4 flex min-h-9 flex-wrap items-center gap-x-4 gap-y-2 sm:mb-6">
        <h1
          ref={heading}
          tabIndex={-1}
          // Focused by navigation, not by Tab. It is not interactive, so it shows no focus ring.
          className="min-w-0 text-xl font-semibold tracking-tight break-words outline-none"
        >
          {title}
        </h1>
        <div className="min-h-5 min-w-0 flex-1 basis-40 text-soft max-sm:order-last max-sm:basis-full">
          {summary}
        </div>
        {actions && <div className="flex flex-wrap gap-2 max-sm:ml-auto">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Section({
  title,
  aside,
  children,
  className = '',
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section aria-label={title} className={`min-w-0 ${className}`}>
      <div className="mb-2 flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 max-sm:items-baseline">
        <h2 className="text-sm font-semibold">{title}</h2>
        <div className="min-w-0 flex-1 text-xs text-faint">{aside}</div>
      </div>
      {children}
    </section>
  );
}

export const cardClass = 'rounded-xl border border-line bg-surface';

/** An empty state: what will appear here, and how to get it. */
export function Empty({
  title,
  children,
  actions,
}: {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <div className={`${cardClass} flex flex-col items-center gap-2 border-dashed px-6 py-12 text-center`}>
      <p className="font-semibold">{title}</p>
      {children && <div className="max-w-prose text-soft">{children}</div>}
      {actions && <div className="mt-2 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

/** Reserves the space of content that is loading. */
export function Skeleton({ className = '' }: { className?: string }) {
  return <div aria-hidden="true" className={`breathing rounded-lg bg-raised ${className}`} />;
}

export function Loading({ what, children }: { what: string; children: ReactNode }) {
  return (
    <div role="status" aria-label={`Loading ${what}`}>
      {children}
    </div>
  );
}
