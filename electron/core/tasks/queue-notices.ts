/** What is wrong with the engine of the queue, or may lose tasks, as notices and for `doctor`. */
import { isPilotlightError, type PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { TaskQueueWarning } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { TaskQueue } from '../ports/task-queue.ts';
import type { TaskEngine } from './task-engine.ts';

export interface QueueNoticesDependencies {
  log: Log;
  engine: Pick<TaskEngine, 'queue' | 'current' | 'onOpened' | 'onTrouble'>;
  notices: { add(notice: TaskQueueWarning & { id: string }): void; remove(id: string): void };
}

export interface QueueNotices {
  /** Empty if all is well. An engine that cannot be used is one, too. */
  read(): Promise<TaskQueueWarning[]>;
  stop(): void;
}

type Kind = Awaited<ReturnType<TaskQueue['warnings']>>[number];

const TROUBLE_ID = 'task-queue';

const warnings: Readonly<Record<Kind, TaskQueueWarning>> = {
  'no-append-only-file': {
    code: 'QUEUE_NOT_KEPT',
    message: fact('TASK_QUEUE_NOT_KEPT'),
    next: fact('TASK_QUEUE_KEEP'),
  },
  'evicts-keys': {
    code: 'QUEUE_EVICTS',
    message: fact('TASK_QUEUE_EVICTS'),
    next: fact('TASK_QUEUE_DO_NOT_EVICT'),
  },
  'old-server': {
    code: 'QUEUE_OLD_SERVER',
    message: fact('TASK_QUEUE_OLD'),
    next: fact('TASK_QUEUE_UPDATE'),
  },
};
const kinds = Object.keys(warnings) as Kind[];

const troubleOf = (error: PilotlightError): TaskQueueWarning => ({
  code: error.code,
  message: fact('TASK_QUEUE_DOWN', { reason: fact('TEXT', { text: error.message }) }),
  next: fact('TEXT', { text: error.next }),
});

export function createQueueNotices({ log, engine, notices }: QueueNoticesDependencies): QueueNotices {
  const idOf = (kind: Kind) => `${TROUBLE_ID}-${kind}`;
  const shown = new Set<Kind>();

  /** A notice that a person has dismissed comes again only after what it says was put right. */
  function show(found: readonly Kind[]): void {
    for (const kind of kinds) {
      if (found.includes(kind) === shown.has(kind)) continue;
      if (shown.delete(kind)) notices.remove(idOf(kind));
      else {
        shown.add(kind);
        notices.add({ id: idOf(kind), ...warnings[kind] });
      }
    }
  }

  async function read(): Promise<TaskQueueWarning[]> {
    try {
      const queue = await engine.queue();
      const found = await queue.warnings();
      // Another engine may have been chosen meanwhile: what is shown is about the present one.
      if (engine.current() === queue) show(found);
      return found.map((kind) => warnings[kind]);
    } catch (error) {
      // What is not known now was not put right: the notices stay.
      if (!isPilotlightError(error)) throw error;
      return [troubleOf(error)];
    }
  }

  const stops = [
    engine.onTrouble((error) => {
      if (error === null) notices.remove(TROUBLE_ID);
      else notices.add({ id: TROUBLE_ID, ...troubleOf(error) });
    }),
    engine.onOpened(() => {
      read().catch((error: unknown) =>
        log.debug('Whether the task queue may lose tasks is not known.', { error: String(error) }),
      );
    }),
  ];

  return {
    read,
    stop() {
      for (const stop of stops) stop();
    },
  };
}
