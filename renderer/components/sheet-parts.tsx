/** The parts of a panel with the details of one thing. */
import type { ReactNode } from 'react';

export const SheetPart = ({ title, children }: { title: string; children: ReactNode }) => (
  <section aria-label={title}>
    <h3 className="mb-2 text-sm font-semibold">{title}</h3>
    {children}
  </section>
);

/** Names and values; a value of null is left out. */
export const FactList = ({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) => (
  <dl className="grid grid-cols-[7.5rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">
    {facts.map(
      ([name, value]) =>
        value !== null && (
          <div key={name} className="contents">
            <dt className="text-faint">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ),
    )}
  </dl>
);

export const IdText = ({ id }: { id: string }) => <code className="font-mono text-xs break-all">{id}</code>;
