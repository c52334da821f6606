import { Check, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { ActivityEntry, ActivityKind } from '../../../shared/models/activity.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { selectActivity, useActivity } from '../../stores/activity.ts';
import { useFleet } from '../../stores/fleet.ts';

const kindNames: Record<ActivityKind, string> = {
  fleet: 'Fleet',
  power: 'Power',
  placement: 'Placement',
  optimizer: 'Optimizer',
  index: 'Index',
  search: 'Search',
  settings: 'Settings',
  system: 'Pilotlight',
};
const kinds = Object.keys(kindNames) as ActivityKind[];

const look: Record<ActivityEntry['severity'], { Icon: LucideIcon; className: string; words: string }> = {
  info: { Icon: Info, className: 'text-cold', words: '' },
  success: { Icon: Check, className: 'text-flame', words: '' },
  warning: { Icon: TriangleAlert, className: 'text-amber', words: 'Warning: ' },
  error: { Icon: TriangleAlert, className: 'text-trouble', words: 'Error: ' },
};

const pageLength = 100;

/** What happened by itself or by a click, and why. */
export function ActivityPage() {
  const state = useActivity();
  const [wanted, setWanted] = useState<ReadonlySet<ActivityKind>>(new Set());
  const [older, setOlder] = useState<ActivityEntry[]>([]);
  const [ended, setEnded] = useState(false);
  const { busy, run } = useAction();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter has other older entries.
  useEffect(() => {
    setOlder([]);
    setEnded(false);
  }, [wanted]);

  const entries = useMemo(() => {
    const newest = selectActivity(state);
    const last = newest.at(-1)?.id ?? Number.POSITIVE_INFINITY;
    const all = [...newest, ...older.filter((entry) => entry.id < last)];
    return wanted.size === 0 ? all : all.filter((entry) => wanted.has(entry.kind));
  }, [state, older, wanted]);

  function toggle(kind: ActivityKind): void {
    const next = new Set(wanted);
    if (!next.delete(kind)) next.add(kind);
    setWanted(next);
  }

  const loadOlder = () =>
    run(async () => {
      const before = [...older, ...selectActivity(state)].reduce(
        (least, entry) => Math.min(least, entry.id),
        Number.MAX_SAFE_INTEGER,
      );
      const more = await client.call('activity.list', {
        before,
        limit: pageLength,
        ...(wanted.size === 0 ? {} : { kinds: [...wanted] }),
      });
      setOlder([...older, ...more]);
      setEnded(more.length < pageLength);
    });

  return (
    <Page title="Activity" summary="What happened, and why">
      <fieldset className="mb-4 flex flex-wrap gap-2">
        <legend className="sr-only">Show only these kinds</legend>
        {kinds.map((kind) => (
          <button
            key={kind}
            type="button"
            aria-pressed={wanted.has(kind)}
            onClick={() => toggle(kind)}
            className="h-8 rounded-full border border-line-strong px-3 text-[0.8125rem] text-soft hover:border-faint hover:text-text aria-pressed:border-flame aria-pressed:bg-flame-wash aria-pressed:text-flame-text"
          >
            {kindNames[kind]}
          </button>
        ))}
      </fieldset>
      {!state.ready ? (
        <Loading what="the activity">
          <div className="grid gap-2">
            <Skeleton className="h-14" />
            <Skeleton className="h-14" />
            <Skeleton className="h-14" />
          </div>
        </Loading>
      ) : entries.length === 0 ? (
        <Empty title={wanted.size === 0 ? 'Nothing has happened yet' : 'Nothing of this kind'}>
          Wakes, moves, index runs and what went wrong stand here, each with its reason.
        </Empty>
      ) : (
        <>
          <ol className={`${cardClass} divide-y divide-line`}>
            {entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ol>
          {!ended && entries.length >= pageLength && (
            <Button size="small" tone="quiet" className="mt-2" busy={busy} onClick={loadOlder}>
              Show older
            </Button>
          )}
        </>
      )}
    </Page>
  );
}

function Entry({ entry }: { entry: ActivityEntry }) {
  const { Icon, className, words } = look[entry.severity];
  const node = useFleet((state) =>
    entry.nodeId === null ? null : (state.entries[entry.nodeId]?.name ?? null),
  );
  return (
    <li className="flex items-start gap-3 px-4 py-2.5">
      <Icon size={16} aria-hidden="true" className={`mt-0.5 shrink-0 ${className}`} />
      <div className="min-w-0 flex-1">
        <p className="break-words">
          <span className="sr-only">{words}</span>
          {entry.message}
        </p>
        {entry.why && <p className="text-[0.8125rem] break-words text-soft">{entry.why}</p>}
        <p className="mt-0.5 truncate text-xs text-faint sm:hidden">
          {kindNames[entry.kind]}
          {node && ` · ${node}`}
        </p>
      </div>
      <span className="hidden max-w-64 shrink-0 truncate text-xs text-faint sm:inline">
        {kindNames[entry.kind]}
        {node && ` · ${node}`}
      </span>
      <span className="w-20 shrink-0 text-right text-xs text-faint">
        <Ago at={entry.at} />
      </span>
    </li>
  );
}
