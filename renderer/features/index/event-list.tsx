import { Flame, Info, PauseCircle, TrendingDown, TrendingUp, Zap } from 'lucide-react';
import { useId, useState } from 'react';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { formatCount } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { textOf } from '../../texts.ts';
import { formatInto, formatTime } from './proof-text.ts';

const usual = 12;

const eventIcons = {
  woke: Zap,
  placed: Flame,
  'fell-back': TrendingDown,
  recovered: TrendingUp,
  waiting: PauseCircle,
  paused: PauseCircle,
  resumed: TrendingUp,
  note: Info,
} as const;

/** The events of a run, with the time into the run and the clock time. */
export function EventList({ job }: { job: Pick<IndexJob, 'events' | 'startedAt' | 'endedAt'> }) {
  const [all, setAll] = useState(false);
  const title = useId();
  const { events, startedAt } = job;
  if (events.length === 0) return null;
  const shown = all ? events : events.slice(-usual);
  return (
    <div className="mt-5">
      <p className="mb-2 text-[0.8125rem] font-medium" id={title}>
        {' '}
        Events{' '}
      </p>
      <ol className="grid gap-1.5 text-[0.8125rem]" aria-labelledby={title}>
        {shown.map((event, index) => {
          const Icon = eventIcons[event.kind];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and are only appended.
            <li key={`${event.at}-${index}`} className="flex items-start gap-2">
              <Icon
                size={14}
                aria-hidden="true"
                className={`mt-0.5 shrink-0 ${event.kind === 'fell-back' ? 'text-cold' : 'text-flame'}`}
              />
              <span className="min-w-0 flex-1 break-words">{textOf(event.message)}</span>
              <span className="shrink-0 text-right text-xs text-faint">
                {startedAt !== null && `+${formatInto(event.at - startedAt)} · `}
                <time dateTime={new Date(event.at).toISOString()}>{formatTime(event.at)}</time>
              </span>
            </li>
          );
        })}
      </ol>
      {events.length > shown.length && (
        <Button size="small" tone="quiet" className="mt-1 print:hidden" onClick={() => setAll(true)}>
          Show all {formatCount(events.length)}
        </Button>
      )}
    </div>
  );
}
