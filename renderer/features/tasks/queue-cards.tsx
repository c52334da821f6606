import type { TaskQueueView } from '../../../shared/models/tasks.ts';
import { formatCount, formatDuration, plural } from '../../../shared/units.ts';
import { PlacementGlyph } from '../../components/glyphs.tsx';
import { cardClass } from '../../components/page.tsx';
import { queueLabels } from './task-text.ts';

/** The two queues: what waits and runs there, who works on it, and how long the first one has waited. */
export function QueueCards({ queues }: { queues: readonly TaskQueueView[] }) {
  return (
    <div className="mb-6 grid gap-3 sm:grid-cols-2">
      {queues.map((queue) => (
        <QueueCard key={queue.queue} {...queue} />
      ))}
    </div>
  );
}

function QueueCard({ queue, counts, workers, oldestMs }: TaskQueueView) {
  const waiting = (counts.waiting ?? 0) + (counts.delayed ?? 0);
  const figures: [string, number, boolean][] = [
    ['waiting', waiting, false],
    ['running', counts.active ?? 0, false],
    ['failed', counts.failed ?? 0, true],
  ];
  return (
    <section aria-label={`${queueLabels[queue]} queue`} className={`${cardClass} grid gap-2 p-4`}>
      <div className="flex items-center gap-2">
        <PlacementGlyph at={queue === 'gpu-tasks' ? 'gpu' : 'cpu'} />
        <h2 className="font-semibold">{queueLabels[queue]} queue</h2>
        <span className="ml-auto text-xs text-faint">
          {workers === 0 ? 'No worker online' : `${plural(workers, 'worker')} online`}
        </span>
      </div>
      <dl className="flex flex-wrap gap-x-6 gap-y-1">
        {figures.map(([name, count, isBad]) => (
          <div key={name} className="flex items-baseline gap-1.5">
            <dd
              className={`text-xl font-semibold tabular-nums ${isBad && count > 0 ? 'text-trouble-text' : ''}`}
            >
              {formatCount(count)}
            </dd>
            <dt className="text-soft">{name}</dt>
          </div>
        ))}
      </dl>
      <p className="min-h-4 text-xs text-faint">
        {oldestMs === null ? 'Nothing waits' : `The first in line has waited ${formatDuration(oldestMs)}`}
      </p>
    </section>
  );
}
