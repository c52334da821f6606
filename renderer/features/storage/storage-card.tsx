import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { MethodResult } from '../../../shared/contract/methods.ts';
import type { StorageUse } from '../../../shared/models/tasks.ts';
import { formatBytes, formatCount, plural } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { PartsMeter } from '../../components/meter.tsx';
import { cardClass, Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { useConnection } from '../../stores/connection.ts';
import { toastDone } from '../../stores/toasts.ts';
import { ConfirmDialog } from '../access/confirm-dialog.tsx';
import { clearable, partAbout, partNames } from './storage-text.ts';

type Usage = MethodResult<'storage.usage'>;
type Known = { state: 'loading' } | { state: 'ready'; usage: Usage } | { state: 'failed'; error: WireError };

/** What Pilotlight keeps on the disk, for how long, and what of it may be deleted. */
export function StorageCard() {
  const live = useConnection((status) => status.state === 'live');
  const [known, setKnown] = useState<Known>({ state: 'loading' });
  const [tries, setTries] = useState(0);
  const [clearing, setClearing] = useState<StorageUse | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` is a reason to ask again.
  useEffect(() => {
    if (!live) return;
    const controller = new AbortController();
    client.call('storage.usage', {}, { signal: controller.signal }).then(
      (usage) => setKnown({ state: 'ready', usage }),
      (error: unknown) => {
        if (!controller.signal.aborted) setKnown({ state: 'failed', error: toWireError(error) });
      },
    );
    return () => controller.abort();
  }, [live, tries]);

  return (
    <section aria-labelledby="settings-storage" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-storage" className="font-semibold">
        Storage
      </h2>
      <p className="mb-3 text-[0.8125rem] text-soft">
        What Pilotlight keeps on this computer, and for how long.
      </p>
      {known.state === 'loading' ? (
        <Loading what="the storage">
          <Skeleton className="h-48" />
        </Loading>
      ) : known.state === 'failed' ? (
        <Problem {...known.error}>
          <Button size="small" onClick={() => setTries(tries + 1)}>
            Try again
          </Button>
        </Problem>
      ) : (
        <UsageView usage={known.usage} onClear={live ? setClearing : null} />
      )}
      {clearing && clearable(clearing.kind) && (
        <ConfirmDialog
          title={`Delete ${partNames[clearing.kind].toLowerCase()}?`}
          about={clearable(clearing.kind) ?? ''}
          action="Delete"
          onClose={() => setClearing(null)}
          run={async () => {
            const kind = clearing.kind as Parameters<typeof clear>[0];
            toastDone(`${formatBytes(await clear(kind))} freed`);
            setTries((before) => before + 1);
          }}
        />
      )}
    </section>
  );
}

const clear = async (kind: 'uploads' | 'results' | 'tasks' | 'requests' | 'history' | 'activity') =>
  (await client.call('storage.clear', { kind })).freedBytes;

const colours = [
  'var(--series-0)',
  'var(--series-1)',
  'var(--series-2)',
  'var(--series-3)',
  'var(--series-4)',
];

function UsageView({ usage, onClear }: { usage: Usage; onClear: ((part: StorageUse) => void) | null }) {
  const total = usage.parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const parts = usage.parts.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
  const colourOf = (index: number) => colours[index] ?? 'var(--cold)';
  return (
    <>
      <p className="mb-2 text-[0.8125rem]">
        <span className="font-medium">{formatBytes(total)}</span> used
        {usage.freeBytes !== null && (
          <span className="text-soft"> · {formatBytes(usage.freeBytes)} free</span>
        )}
      </p>
      <PartsMeter
        label={`${formatBytes(total)} used`}
        parts={parts.map(({ kind, sizeBytes }, index) => ({
          key: kind,
          share: total === 0 ? 0 : sizeBytes / total,
          colour: colourOf(index),
          title: `${partNames[kind]}: ${formatBytes(sizeBytes)}`,
        }))}
      />
      <ul className="mt-3 divide-y divide-line">
        {parts.map((part, index) => (
          <li key={part.kind} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
            <span
              aria-hidden="true"
              className="size-2.5 shrink-0 rounded-[3px]"
              style={{ background: colourOf(index) }}
            />
            <div className="min-w-0 flex-1 basis-48">
              <p className="font-medium">{partNames[part.kind]}</p>
              <p className="text-xs text-faint">
                <PartLine part={part} />
              </p>
            </div>
            <span className="tabular-nums">{formatBytes(part.sizeBytes)}</span>
            <span className="flex w-20 justify-end">
              {clearable(part.kind) && (
                <Button
                  size="small"
                  disabled={onClear === null || (part.sizeBytes === 0 && part.count === 0)}
                  aria-label={`Delete ${partNames[part.kind].toLowerCase()}`}
                  onClick={() => onClear?.(part)}
                >
                  Delete
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
      <p className="mt-2 text-xs break-all text-faint">
        In <code className="font-mono">{usage.folder}</code>
      </p>
    </>
  );
}

function PartLine({ part }: { part: StorageUse }) {
  const { kind, count, limitBytes, ageDays, oldestAt } = part;
  const facts = [
    partAbout[kind],
    count === null ? null : `${formatCount(count)} ${count === 1 ? 'entry' : 'entries'}`,
    limitBytes === null ? null : `at most ${formatBytes(limitBytes)}`,
    ageDays === null ? null : `kept ${plural(ageDays, 'day')}`,
  ].filter((fact) => fact !== null);
  return (
    <>
      {facts.join(' · ')}
      {oldestAt !== null && (
        <>
          {' '}
          · oldest <Ago at={oldestAt} />
        </>
      )}
    </>
  );
}
