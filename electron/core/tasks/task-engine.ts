/** Opens the engine of the queue, and opens it again when it drops out or another one is chosen. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import type { TaskState } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { MovableTaskQueue, OpenTaskQueue, TaskChange, TaskQueue } from '../ports/task-queue.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { createTurns } from '../runtime/turns.ts';

export type EngineChoice = Parameters<OpenTaskQueue>[0];

export interface TaskEngine {
  /** Rejects with QUEUE_UNREACHABLE, or why else it cannot be opened. */
  queue(): Promise<TaskQueue>;
  /** null while none is open. */
  current(): TaskQueue | null;
  onChange(listener: (changes: readonly TaskChange[]) => void): () => void;
  onLost(listener: (lost: { id: string; workerId: string; state: TaskState }) => void): () => void;
  /** An engine is open: everything has to be read from it. */
  onOpened(listener: () => void): () => void;
  /** null when it can be used again. */
  onTrouble(listener: (error: PilotlightError | null) => void): () => void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface TaskEngineDependencies {
  clock: Pick<Clock, 'timer'>;
  log: Log;
  open: OpenTaskQueue;
  settings: {
    current(): Settings;
    secret(name: SecretSetting): string | null;
    onChange(listener: () => void): () => void;
  };
  /** Takes every task from one engine to the other. */
  move(from: MovableTaskQueue, to: MovableTaskQueue): Promise<void>;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

const unreachable = () => new PilotlightError('QUEUE_UNREACHABLE');

export function createTaskEngine({ clock, log, open, settings, move }: TaskEngineDependencies): TaskEngine {
  const changed = createEmitter<[readonly TaskChange[]]>({ name: 'tasks', log });
  const lost = createEmitter<[{ id: string; workerId: string; state: TaskState }]>({ name: 'tasks', log });
  const opened = createEmitter<[]>({ name: 'tasks', log });
  const troubled = createEmitter<[PilotlightError | null]>({ name: 'tasks', log });
  const turns = createTurns();
  let active: { queue: MovableTaskQueue; choice: EngineChoice; stops: (() => void)[] } | null = null;
  let error: PilotlightError | null = null;
  let retryMs = FIRST_RETRY_MS;
  let timer: Timer | null = null;
  let stopped = false;
  let first: Promise<void> | null = null;

  function chosen(): EngineChoice | null {
    if (settings.current().tasks.engine === 'sqlite') return { kind: 'sqlite' };
    const url = settings.secret('tasks.redisUrl');
    return url === null ? null : { kind: 'bullmq', url };
  }

  const same = (one: EngineChoice, other: EngineChoice | null) =>
    JSON.stringify(one) === JSON.stringify(other);

  /** Brings the open engine in line with the settings; one at a time. */
  const settle = () => turns.take('engine', settleNow);

  async function settleNow(): Promise<void> {
    timer?.cancel();
    timer = null;
    if (stopped) return;
    const choice = chosen();
    if (active !== null && same(active.choice, choice)) return;
    try {
      if (choice === null) throw unreachable();
      const queue = await open(choice);
      if (stopped) {
        await queue.close();
        return;
      }
      const before = active;
      if (before !== null) {
        try {
          await move(before.queue, queue);
        } catch (failure) {
          await queue.close();
          throw failure;
        }
      }
      use(queue, choice);
      retryMs = FIRST_RETRY_MS;
      if (before !== null) await release(before);
      report(null);
      opened.emit();
    } catch (failure) {
      report(isPilotlightError(failure) ? failure : unreachable());
      log.warn('The queue of tasks could not be opened.', { error: String(failure) });
      retry();
    }
  }

  function use(queue: MovableTaskQueue, choice: EngineChoice): void {
    active = { queue, choice, stops: [queue.onChange(changed.emit), queue.onLost(lost.emit)] };
  }

  async function release({
    queue,
    stops,
  }: {
    queue: MovableTaskQueue;
    stops: (() => void)[];
  }): Promise<void> {
    for (const stop of stops) stop();
    await queue.close().catch((failure: unknown) => {
      log.warn('The former queue of tasks could not be closed.', { error: String(failure) });
    });
  }

  function report(next: PilotlightError | null): void {
    const before = error;
    error = next;
    if (before?.code !== next?.code) troubled.emit(next);
  }

  function retry(): void {
    timer ??= clock.timer(retryMs, () => void settle());
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
  }

  function start(): Promise<void> {
    first ??= settle();
    return first;
  }

  const stopListening = settings.onChange(() => {
    if (first !== null) void settle();
  });

  return {
    async queue() {
      // A program that runs one command opens it when it is first used.
      if (active === null && error === null) await start();
      if (active === null) throw error ?? unreachable();
      return active.queue;
    },
    current: () => active?.queue ?? null,
    onChange: changed.on,
    onLost: lost.on,
    onOpened: opened.on,
    onTrouble: troubled.on,
    start,
    async stop() {
      stopped = true;
      stopListening();
      timer?.cancel();
      await turns.take('engine', async () => {
        const last = active;
        active = null;
        error = new PilotlightError('STOPPING');
        if (last !== null) await release(last);
      });
    },
  };
}
