/** Opens the engine of the queue, and opens it again when it drops out or another one is chosen. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import type { TaskState } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { MovableTaskQueue, OpenTaskQueue, TaskChange, TaskQueue } from '../ports/task-queue.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { createTurns } from '../runtime/turns.ts';
import { createMovingQueue } from './moving-queue.ts';

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
  /** Takes every task from one engine to the other; those that are active when they have ended. */
  move(from: MovableTaskQueue, to: MovableTaskQueue, signal: AbortSignal): Promise<void>;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

const unreachable = () => new PilotlightError('QUEUE_UNREACHABLE');

/** An engine whose tasks go to another one. */
interface Leaving {
  queue: MovableTaskQueue;
  stops: (() => void)[];
}

export function createTaskEngine({ clock, log, open, settings, move }: TaskEngineDependencies): TaskEngine {
  const changed = createEmitter<[readonly TaskChange[]]>({ name: 'tasks', log });
  const lost = createEmitter<[{ id: string; workerId: string; state: TaskState }]>({ name: 'tasks', log });
  const opened = createEmitter<[]>({ name: 'tasks', log });
  const troubled = createEmitter<[PilotlightError | null]>({ name: 'tasks', log });
  const turns = createTurns();
  let active: { queue: TaskQueue; choice: EngineChoice; stops: (() => void)[] } | null = null;
  /** The engine of `active`; while tasks move, the one that they go to. */
  let engine: MovableTaskQueue | null = null;
  let moving: Promise<void> | null = null;
  const stopping = new AbortController();
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
    // It is settled again when the tasks have moved.
    if (moving !== null) return;
    try {
      if (choice === null) throw unreachable();
      const queue = await open(choice);
      const before = await formerEngine(choice);
      if (stopped) {
        await queue.close();
        await before?.queue.close();
        return;
      }
      if (before === null) use(queue, choice);
      else {
        use(createMovingQueue(before.queue, queue), choice);
        moving = moveAll(before, queue, choice);
      }
      engine = queue;
      retryMs = FIRST_RETRY_MS;
      report(null);
      opened.emit();
    } catch (failure) {
      report(isPilotlightError(failure) ? failure : unreachable());
      log.warn('The queue of tasks could not be opened.', { error: String(failure) });
      retry();
    }
  }

  /** The engine in use until now. After a start, the other one if it still has tasks: the move was interrupted. */
  async function formerEngine(choice: EngineChoice): Promise<Leaving | null> {
    if (active !== null && engine !== null) return { queue: engine, stops: active.stops };
    const url = settings.secret('tasks.redisUrl');
    const other: EngineChoice | null =
      choice.kind === 'bullmq' ? { kind: 'sqlite' } : url === null ? null : { kind: 'bullmq', url };
    if (other === null) return null;
    try {
      const queue = await open(other);
      const { total } = await queue.list({ limit: 1 });
      if (total > 0) return { queue, stops: [] };
      await queue.close();
    } catch (failure) {
      log.info('The other queue of tasks could not be looked into.', { error: String(failure) });
    }
    return null;
  }

  async function moveAll(before: Leaving, queue: MovableTaskQueue, choice: EngineChoice): Promise<void> {
    for (const stop of before.stops) stop();
    for (;;) {
      try {
        await move(before.queue, queue, stopping.signal);
        break;
      } catch (failure) {
        if (stopped) break;
        log.warn('The tasks could not be moved to the other queue.', { error: String(failure) });
        await new Promise<void>((resolve) => {
          clock.timer(LONGEST_RETRY_MS, resolve);
          stopping.signal.addEventListener('abort', () => resolve(), { once: true });
        });
        if (stopped) break;
      }
    }
    await turns.take('engine', async () => {
      moving = null;
      if (stopped) {
        await release(before);
        return;
      }
      for (const stop of active?.stops ?? []) stop();
      use(queue, choice);
      await release(before);
      opened.emit();
    });
    void settle();
  }

  function use(queue: TaskQueue, choice: EngineChoice): void {
    active = { queue, choice, stops: [queue.onChange(changed.emit), queue.onLost(lost.emit)] };
  }

  async function release({ queue, stops }: Leaving): Promise<void> {
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
      stopping.abort(new PilotlightError('STOPPING'));
      await turns.take('engine', async () => {
        const stops = active?.stops ?? [];
        active = null;
        error = new PilotlightError('STOPPING');
        if (engine !== null) await release({ queue: engine, stops });
      });
      await moving;
    },
  };
}
