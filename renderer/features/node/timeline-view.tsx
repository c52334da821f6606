import { useMemo } from 'react';
import { historyMs } from '../../../shared/history-ranges.ts';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { purposeLabel } from '../../../shared/text/lease-purpose.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { ChartTable } from '../../charts/chart-table.tsx';
import { formatClock, formatMoment, timeTicks } from '../../charts/time-axis.ts';
import { cardClass, Loading, Section, Skeleton } from '../../components/page.tsx';
import { textOf } from '../../texts.ts';
import { lasting, timelineText } from './node-page-text.ts';
import { type LeaseBar, leaseRows, stateSpans } from './power-timeline.ts';
import { awakeSpans, onSpans, type Span, withPresent } from './timeline.ts';
import type { RangeHistory } from './use-node-history.ts';
import { usePowerTimeline } from './use-power-timeline.ts';

const moment = formatMoment({ first: 0, last: historyMs.day });
const spanNames = {
  gpu: 'awake, model in VRAM',
  awake: 'awake',
  waking: 'waking',
  trouble: 'trouble',
  off: 'off',
} as const;
const spanClasses: Record<Span['kind'], string> = {
  gpu: 'bg-flame-fill',
  awake: 'border-y-2 border-amber bg-amber/25',
  waking: 'bg-ember/70',
  trouble: 'border-y-4 border-trouble bg-trouble/25',
  off: 'border-b-2 border-cold',
};

/** A day ago, or when the machine was first known; at least an hour ago. */
function startOf(node: Pick<NodeView, 'addedAt'>, firstBucket: number | undefined, now: number): number {
  const known = Math.min(node.addedAt, firstBucket ?? now);
  return Math.max(now - historyMs.day, Math.min(known, now - 3_600_000));
}

/** The states of the last day, with leases above them and events as marks. */
export function Timeline({
  node,
  history,
  entries,
}: {
  node: NodeView;
  history: RangeHistory;
  entries: readonly ActivityEntry[];
}) {
  const { now, buckets, state } = history;
  const recorded = usePowerTimeline(node);
  const seen = recorded?.states.find((one) => one.state !== 'off' && one.state !== 'unknown');
  const from = startOf(node, buckets[0]?.at ?? seen?.from, now);
  const spans = useMemo(
    () =>
      withPresent(
        recorded && recorded.states.length > 0
          ? stateSpans(recorded.states, from, now)
          : awakeSpans(buckets, from, now),
        node,
        from,
        now,
      ),
    [recorded, buckets, from, now, node],
  );
  const on = useMemo(() => onSpans(spans.filter(({ kind }) => kind !== 'waking' && kind !== 'off')), [spans]);
  const { rows, more } = useMemo(() => leaseRows(recorded?.leases ?? [], from, now), [recorded, from, now]);
  const bars = useMemo(() => rows.flat().toSorted((a, b) => b.from - a.from), [rows]);
  const marks = entries.filter(
    (entry) => entry.at >= from && (entry.kind === 'power' || entry.kind === 'fleet'),
  );
  const share = (at: number) => `${((Math.min(now, at) - from) / (now - from)) * 100}%`;
  const summary = timelineText(on);

  return (
    <Section
      title="Last 24 hours"
      aside={
        state === 'loading'
          ? ''
          : state === 'failed'
            ? 'History could not be loaded. New data appears from now on.'
            : summary
      }
    >
      <div className={`${cardClass} p-4`}>
        {state === 'loading' ? (
          <Loading what="the timeline">
            <Skeleton className="h-[4.5rem]" />
          </Loading>
        ) : (
          <>
            <p className="sr-only">
              {summary} Now: {nodeStateLabel(node)}, for {lasting(now - node.since)}.
            </p>
            <div aria-hidden="true">
              {rows.map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a row is nothing but its place.
                <div key={index} className="relative mb-1 h-4">
                  {row.map((bar) => (
                    <Lease key={`${bar.from} ${bar.purpose}`} bar={bar} share={share} />
                  ))}
                </div>
              ))}
              {more > 0 && <p className="mb-1 text-2xs text-faint">and {more} more, in the table</p>}
              <div className="relative h-5">
                {marks.map((entry) => (
                  <Mark key={entry.id} entry={entry} left={share(entry.at)} />
                ))}
              </div>
              <div className="relative h-7 overflow-hidden rounded-md bg-sunken ring-1 ring-line ring-inset">
                {spans.map((span) => (
                  <div
                    key={span.from}
                    title={`${spanNames[span.kind]}: ${moment(span.from)} to ${formatClock(span.to)}, ${lasting(span.to - span.from)}`}
                    className={`absolute inset-y-0 min-w-px ${spanClasses[span.kind]}`}
                    style={{ left: share(span.from), right: `calc(100% - ${share(span.to)})` }}
                  />
                ))}
              </div>
              <div className="relative mt-1 h-4 overflow-hidden text-2xs text-faint">
                {timeTicks(from, now)
                  .filter((at) => at - from > 0.08 * (now - from) && now - at > 0.08 * (now - from))
                  .map((at) => (
                    <span
                      key={at}
                      className="absolute -translate-x-1/2 whitespace-nowrap max-sm:even:hidden"
                      style={{ left: share(at) }}
                    >
                      {formatClock(at)}
                    </span>
                  ))}
              </div>
            </div>
            <Key
              kinds={new Set(spans.map(({ kind }) => kind))}
              hasLeases={rows.length > 0}
              events={new Set(marks.map(({ severity }) => (isBad(severity) ? 'bad' : 'good')))}
            />
            {bars.length > 0 && <LeaseNames bars={bars} more={more} />}
            <ChartTable
              caption={`Last 24 hours of ${node.name}`}
              heads={['From', 'To', 'Event']}
              rows={() =>
                [
                  ...spans.map((span) => ({
                    key: span.from,
                    cells: [
                      moment(span.from),
                      span.to >= now - 30_000 && isServing(node.state) ? 'now' : moment(span.to),
                      spanNames[span.kind],
                    ],
                  })),
                  ...(recorded?.leases ?? []).map((lease, index) => ({
                    key: lease.from + (index + 1) / 1e4,
                    cells: [
                      moment(lease.from),
                      lease.to === null ? 'now' : moment(lease.to),
                      `lease: ${purposeLabel(lease.purpose)}, ${lease.holder}`,
                    ],
                  })),
                  ...marks.map((entry) => ({
                    key: entry.at + entry.id / 1e6,
                    cells: [moment(entry.at), '', textOf(entry.message)],
                  })),
                ].toSorted((a, b) => b.key - a.key)
              }
            />
          </>
        )}
      </div>
    </Section>
  );
}

const isBad = (severity: ActivityEntry['severity']) => severity === 'warning' || severity === 'error';

function Mark({ entry, left }: { entry: ActivityEntry; left: string }) {
  const bad = isBad(entry.severity);
  return (
    <svg
      viewBox="0 0 12 12"
      width="12"
      height="12"
      className={`absolute top-0.5 -translate-x-1/2 ${bad ? 'text-trouble' : entry.severity === 'success' ? 'text-ember' : 'text-cold'}`}
      style={{ left }}
    >
      <title>{`${moment(entry.at)}: ${textOf(entry.message)}`}</title>
      <path d={shapes[bad ? 'bad' : 'good']} fill="currentColor" stroke="var(--surface)" strokeWidth="1" />
    </svg>
  );
}

function Lease({ bar, share }: { bar: LeaseBar; share(at: number): string }) {
  return (
    <div
      title={`${purposeLabel(bar.purpose)}, ${bar.holder}: ${moment(bar.from)} to ${bar.open ? 'now' : formatClock(bar.to)}, ${lasting(bar.to - bar.from)}`}
      className={`absolute inset-y-0 min-w-1 overflow-hidden rounded-sm border border-flame/60 bg-flame-wash px-1 text-2xs leading-[0.875rem] whitespace-nowrap text-flame-text ${bar.open ? 'rounded-r-none border-r-2 border-r-flame' : ''}`}
      style={{ left: share(bar.from), right: `calc(100% - ${share(bar.to)})` }}
    >
      {purposeLabel(bar.purpose)}
    </div>
  );
}

const keyLabels: Record<Span['kind'], string> = {
  gpu: 'model in VRAM',
  awake: 'awake',
  waking: 'waking',
  trouble: 'trouble',
  off: 'off',
};

const shapes = { good: 'M6 1 11 6 6 11 1 6Z', bad: 'M6 1 11.5 11H.5Z' } as const;
type Event = keyof typeof shapes;

/** Everything that is drawn above, and nothing else. */
function Key({
  kinds,
  hasLeases,
  events,
}: {
  kinds: ReadonlySet<Span['kind']>;
  hasLeases: boolean;
  events: ReadonlySet<Event>;
}) {
  const swatch = (className: string, label: string) => (
    <li key={label} className="flex items-center gap-1.5">
      <span aria-hidden="true" className={`h-2.5 w-4 rounded-[2px] ${className}`} /> {label}
    </li>
  );
  const event = (kind: Event, className: string, label: string) =>
    events.has(kind) && (
      <li className="flex items-center gap-1.5">
        <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" className={className}>
          <path d={shapes[kind]} fill="currentColor" />
        </svg>
        {label}
      </li>
    );
  return (
    <ul aria-label="Legend" className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-faint">
      {hasLeases && swatch('border border-flame/60 bg-flame-wash', 'in use')}
      {(Object.keys(keyLabels) as Span['kind'][])
        .filter((kind) => kinds.has(kind))
        .map((kind) => swatch(spanClasses[kind], keyLabels[kind]))}
      {swatch(
        'bg-sunken ring-1 ring-line ring-inset',
        kinds.has('off')
          ? 'no data: Pilotlight was not running'
          : 'no data: off, or Pilotlight was not running',
      )}
      {event('good', 'text-ember', 'event')}
      {event('bad', 'text-trouble', 'problem')}
    </ul>
  );
}

const namesShown = 6;

/** The leases by name, latest first: a bar is often too short for it. */
function LeaseNames({ bars, more }: { bars: readonly LeaseBar[]; more: number }) {
  const rest = Math.max(0, bars.length - namesShown) + more;
  return (
    <ul aria-label="In use in the last 24 hours" className="mt-3 grid gap-0.5 text-[0.8125rem]">
      {bars.slice(0, namesShown).map((bar) => (
        <li key={`${bar.from} ${bar.purpose}`} className="flex gap-3">
          <span className="w-32 shrink-0 text-faint">
            {formatClock(bar.from)}–{bar.open ? 'now' : formatClock(bar.to)}
          </span>
          <span className="min-w-0 break-words">
            {purposeLabel(bar.purpose)} <span className="text-faint">· {bar.holder}</span>
          </span>
        </li>
      ))}
      {rest > 0 && <li className="text-faint">and {rest} more, in the table</li>}
    </ul>
  );
}
