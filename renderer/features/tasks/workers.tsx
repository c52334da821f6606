import type { TaskWorker } from '../../../shared/models/tasks.ts';
import { formatBytes, formatPercent, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { PartsMeter } from '../../components/meter.tsx';
import { cardClass, Empty } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useConnection } from '../../stores/connection.ts';
import { textOrEmpty } from '../../texts.ts';
import { nodeHref, settingHref } from '../shell/route.ts';
import { WorkerGlyph } from './state-glyph.tsx';
import { queueLabels, typeLabels, workerStateLabels } from './task-text.ts';

const order: Record<TaskWorker['state'], number> = { online: 0, draining: 1, asleep: 2, lost: 3 };

/** Who works on the queues. */
export function Workers({ workers }: { workers: readonly TaskWorker[] }) {
  if (workers.length === 0) {
    return (
      <Empty
        title="No workers"
        actions={
          <Button
            onClick={() => {
              location.hash = settingHref('tasks.embeddedWorker');
            }}
          >
            Task settings
          </Button>
        }
      >
        Let this computer work on tasks, or start a worker on another machine with
        <code className="mt-2 block font-mono text-xs">pilotlight worker --server URL --token KEY</code>
      </Empty>
    );
  }
  const sorted = workers.toSorted((a, b) => order[a.state] - order[b.state] || (a.name < b.name ? -1 : 1));
  return (
    <ul className="grid gap-3 lg:grid-cols-2 wide:grid-cols-3">
      {sorted.map((worker) => (
        <WorkerCard key={worker.id} worker={worker} />
      ))}
    </ul>
  );
}

function WorkerCard({ worker }: { worker: TaskWorker }) {
  const { name, type, state, slots, active, queues, contentTypes, load, version, nodeId } = worker;
  const trouble = textOrEmpty(worker.trouble);
  return (
    <li className={`${cardClass} grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-3 p-4`}>
      <div className="flex items-start gap-2.5">
        <span className="mt-0.5">
          <WorkerGlyph worker={worker} />
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-semibold" title={name}>
            {nodeId === null ? (
              name
            ) : (
              <a href={nodeHref(nodeId)} className="rounded hover:text-flame-text">
                {name}
              </a>
            )}
          </h2>
          <p className="text-[0.8125rem] text-soft">
            {workerStateLabels[state]} · {type === 'gpu' ? 'GPU' : 'CPU'} ·{' '}
            {queues.map((queue) => `${queueLabels[queue]} queue`).join(', ')}
          </p>
        </div>
        <DrainButton worker={worker} />
      </div>
      {(state === 'online' || state === 'draining') && (
        <div className="grid gap-1">
          <PartsMeter
            label={`${active} of ${plural(slots, 'slot')} in use`}
            parts={
              active === 0
                ? []
                : [
                    {
                      key: 'active',
                      share: active / Math.max(1, slots),
                      colour: 'var(--flame)',
                      title: `${active} in use`,
                    },
                  ]
            }
          />
          <p className="flex justify-between gap-3 text-xs text-faint">
            <span>
              {active} of {plural(slots, 'slot')} in use
            </span>
            {load && (
              <span>
                {formatPercent(load.cpu)} CPU · {formatBytes(load.memoryBytes)}
              </span>
            )}
          </p>
        </div>
      )}
      {trouble && <p className="text-[0.8125rem] text-trouble-text">{trouble}</p>}
      <p className="text-xs text-faint">
        {contentTypes.map((one) => typeLabels[one]).join(', ') || 'Nothing it can work on'} ·{' '}
        {plural(worker.done, 'task')} done{worker.failed > 0 && `, ${worker.failed} failed`} · version{' '}
        {version}
        {state !== 'online' && (
          <>
            {' '}
            · seen <Ago at={worker.seenAt} />
          </>
        )}
      </p>
    </li>
  );
}

function DrainButton({ worker }: { worker: TaskWorker }) {
  const live = useConnection((status) => status.state === 'live');
  const { busy, run } = useAction();
  if (worker.state !== 'online' && worker.state !== 'draining') return null;
  const on = worker.state === 'online';
  return (
    <Button
      size="small"
      busy={busy}
      disabled={!live}
      onClick={() =>
        void run(
          () => client.call('tasks.drain', { workerId: worker.id, on }),
          on ? `${worker.name} finishes what it has` : `${worker.name} takes tasks again`,
        )
      }
    >
      {on ? 'Pause' : 'Resume'}
    </Button>
  );
}
