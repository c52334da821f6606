import { useState } from 'react';
import type { TaskView } from '../../../shared/models/tasks.ts';
import { formatCount, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { useConnection } from '../../stores/connection.ts';
import { toastDone } from '../../stores/toasts.ts';
import { ConfirmDialog } from '../access/confirm-dialog.tsx';
import { isEnded } from './filter.ts';

/** The most that one call changes. */
const atOnce = 1000;

async function inParts(
  ids: readonly string[],
  change: (ids: string[]) => Promise<{ changed: number }>,
): Promise<number> {
  let changed = 0;
  for (let from = 0; from < ids.length; from += atOnce) {
    changed += (await change(ids.slice(from, from + atOnce))).changed;
  }
  return changed;
}

export const cancelTasks = (ids: readonly string[]) =>
  inParts(ids, (part) => client.call('tasks.cancel', { ids: part }));
export const retryTasks = (ids: readonly string[]) =>
  inParts(ids, (part) => client.call('tasks.retry', { ids: part }));
export const removeTasks = (ids: readonly string[]) =>
  inParts(ids, (part) => client.call('tasks.remove', { ids: part }));
export const moveToCpu = (ids: readonly string[]) =>
  inParts(ids, (part) => client.call('tasks.useCpu', { ids: part }));

/** What can be done with the chosen tasks, each with how many it applies to. */
export function BulkActions({ tasks, onDone }: { tasks: readonly TaskView[]; onDone(): void }) {
  const live = useConnection((status) => status.state === 'live');
  const { busy, run } = useAction();
  /** How many it applies to is said where several are chosen. */
  const of = (count: number) => (tasks.length === 1 ? '' : ` ${formatCount(count)}`);
  const [asking, setAsking] = useState<'cancel' | 'remove' | null>(null);
  const open = tasks.filter((task) => !isEnded(task)).map(({ id }) => id);
  const again = tasks.filter(({ state }) => state === 'failed' || state === 'cancelled').map(({ id }) => id);
  const ended = tasks.filter(isEnded).map(({ id }) => id);
  const waiting = tasks
    .filter(({ state, queue }) => (state === 'waiting' || state === 'delayed') && queue === 'gpu-tasks')
    .map(({ id }) => id);

  return (
    <div className="flex flex-wrap items-center gap-2">
      {again.length > 0 && (
        <Button
          size="small"
          busy={busy}
          disabled={!live}
          onClick={() =>
            void run(
              () => retryTasks(again),
              (count) => `${plural(count, 'task')} queued again`,
            ).then(onDone)
          }
        >
          Retry{of(again.length)}
        </Button>
      )}
      {waiting.length > 0 && (
        <Button
          size="small"
          busy={busy}
          disabled={!live}
          onClick={() =>
            void run(
              () => moveToCpu(waiting),
              (count) => `${plural(count, 'task')} moved to the CPU queue`,
            ).then(onDone)
          }
        >
          Use the CPU{waiting.length > 1 && ` for ${formatCount(waiting.length)}`}
        </Button>
      )}
      {open.length > 0 && (
        <Button size="small" tone="danger" disabled={!live} onClick={() => setAsking('cancel')}>
          Cancel{tasks.length === 1 ? ' task' : of(open.length)}
        </Button>
      )}
      {ended.length > 0 && (
        <Button size="small" tone="danger" disabled={!live} onClick={() => setAsking('remove')}>
          Delete{of(ended.length)}
        </Button>
      )}
      {asking === 'cancel' && (
        <ConfirmDialog
          title={open.length === 1 ? 'Cancel this task?' : `Cancel ${plural(open.length, 'task')}?`}
          about={
            open.length === 1
              ? 'If it runs, it is stopped. You can retry it later.'
              : 'Those that run are stopped. You can retry them later.'
          }
          action={`Cancel ${plural(open.length, 'task')}`}
          dismiss="Back"
          onClose={() => setAsking(null)}
          run={async () => {
            toastDone(`${plural(await cancelTasks(open), 'task')} cancelled`);
            onDone();
          }}
        />
      )}
      {asking === 'remove' && (
        <ConfirmDialog
          title={ended.length === 1 ? 'Delete this task?' : `Delete ${plural(ended.length, 'task')}?`}
          about={
            ended.length === 1
              ? 'Its file and result are deleted, too. A text that it stored stays in the index.'
              : 'Their files and results are deleted, too. Texts that they stored stay in the index.'
          }
          action={`Delete ${plural(ended.length, 'task')}`}
          onClose={() => setAsking(null)}
          run={async () => {
            toastDone(`${plural(await removeTasks(ended), 'task')} deleted`);
            onDone();
          }}
        />
      )}
    </div>
  );
}
