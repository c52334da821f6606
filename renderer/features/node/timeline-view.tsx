import { useMemo } from 'react';
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing, nodeStateWords } from '../../../shared/models/node-words.ts';
import { ChartTable } from '../../charts/chart-table.tsx';
import { formatClock, formatMoment, timeTicks } from '../../charts/time-axis.ts';
import { cardClass, Loading, Section, Skeleton } from '../../components/page.tsx';
import { rangeShape } from '../../stores/node-buckets.ts';
import { awakeSpans, onSpans, withPresent } from './timeline.ts';
import type { RangeHistory } from './use-node-history.ts';
import { lasting, timelineWords } from './words.ts';

const moment = formatMoment('day');
const spanNames = { gpu: 'awake, a model in VRAM', awake: 'awake' } as const;

/** A day back, or as far as the machine is known; never less than an hour. */
function startOf(node: Pick<NodeView, 'addedAt'>, firstBucket: number | undefined, now: number): number {
  const known = Math.min(node.addedAt, firstBucket ?? now);
  return Math.max(now - rangeShape.day.spanMs, Math.min(known, now - 3_600_000));
}

/** The states of the last day: when it served and with a model in VRAM, and what happened to it. */
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
  const from = startOf(node, buckets[0]?.at, now);
  const spans = useMemo(
    () => withPresent(awakeSpans(buckets, from, now), node, from, now),
    [buckets, from, now, node],
  );
  const on = useMemo(() => onSpans(spans), [spans]);
  const marks = entries.filter(
    (entry) => entry.at >= from && (entry.kind === 'power' || entry.kind === 'fleet'),
  );
  const share = (at: number) => `${((Math.min(now, at) - from) / (now - from)) * 100}%`;
  const words = timelineWords(on);

  return (
    <Section
      title="The last day"
      aside={
        state === 'loading'
          ? ''
          : state === 'failed'
            ? 'What is kept could not be read; it goes on from now.'
            : words
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
              {words} Now: {nodeStateWords(node)}, for {lasting(now - node.since)}.
            </p>
            <div aria-hidden="true">
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
                    className={`absolute inset-y-0 ${span.kind === 'gpu' ? 'bg-flame-fill' : 'border-y-2 border-amber bg-amber/25'}`}
                    style={{ left: share(span.from), right: `calc(100% - ${share(span.to)})` }}
                  />
                ))}
              </div>
              <div className="relative mt-1 h-4 overflow-hidden text-2xs text-faint">
                {timeTicks(from, now)
                  .filter((at) => at - from > 0.04 * (now - from) && now - at > 0.04 * (now - from))
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
            <Key awake={isServing(node.state) || spans.length > 0} />
            <ChartTable
              caption={`The last day of ${node.name}`}
              heads={['From', 'To', 'What']}
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
                  ...marks.map((entry) => ({
                    key: entry.at + entry.id / 1e6,
                    cells: [moment(entry.at), '', entry.message],
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

function Mark({ entry, left }: { entry: ActivityEntry; left: string }) {
  const bad = entry.severity === 'warning' || entry.severity === 'error';
  return (
    <svg
      viewBox="0 0 12 12"
      width="12"
      height="12"
      className={`absolute top-0.5 -translate-x-1/2 ${bad ? 'text-trouble' : entry.severity === 'success' ? 'text-ember' : 'text-cold'}`}
      style={{ left }}
    >
      <title>{`${moment(entry.at)}: ${entry.message}`}</title>
      <path
        d={bad ? 'M6 1 11.5 11H.5Z' : 'M6 1 11 6 6 11 1 6Z'}
        fill="currentColor"
        stroke="var(--surface)"
        strokeWidth="1"
      />
    </svg>
  );
}

function Key({ awake }: { awake: boolean }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-faint">
      {awake && (
        <>
          <li className="flex items-center gap-1.5">
            <span aria-hidden="true" className="h-2.5 w-4 rounded-[2px] bg-flame-fill" /> a model in VRAM
          </li>
          <li className="flex items-center gap-1.5">
            <span
              aria-hidden="true"
              className="h-2.5 w-4 rounded-[2px] border-y-2 border-amber bg-amber/25"
            />{' '}
            awake
          </li>
        </>
      )}
      <li className="flex items-center gap-1.5">
        <span aria-hidden="true" className="h-2.5 w-4 rounded-[2px] bg-sunken ring-1 ring-line ring-inset" />{' '}
        nothing known: it was off, or Pilotlight was not running
      </li>
    </ul>
  );
}
