/**
 * Keeps machines awake while tasks need them, and wakes one with a GPU worker for tasks that wait for it. What cannot be
 * woken is not a failure of a task: it goes to the CPU queue, or waits, as its sender chose.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { TaskRecord, TaskStep, TaskWorker } from '../../../shared/models/tasks.ts';
import type { AcquireWakes } from '../acquire/model.ts';
import type { SharedLeases } from '../acquire/shared-leases.ts';
import type { Log } from '../ports/log.ts';
import type { TaskQueue } from '../ports/task-queue.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { createChanges } from '../runtime/changes.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { CPU_QUEUE, GPU_QUEUE, isGpuWorkerFor } from './routing.ts';
import type { TaskEngine } from './task-engine.ts';
import type { WorkerRegistry } from './worker-registry.ts';

export interface GpuWaking {
  /** Tasks, workers or machines have changed. */
  check(): void;
  /** What a task of the GPU queue waits for. */
  waitsFor(task: TaskRecord): Message;
  stop(): Promise<void>;
}

export interface GpuWakingDependencies {
  clock: Clock;
  log: Log;
  engine: Pick<TaskEngine, 'current'>;
  registry: Pick<WorkerRegistry, 'list' | 'onChange'>;
  leases: SharedLeases;
  wakes: AcquireWakes;
  nodeName(nodeId: string): string;
  /** Workers that have tasks now. */
  busyWorkers(): ReadonlySet<string>;
  /** What these tasks wait for has changed. */
  onChange(taskIds: readonly string[]): void;
}

/** A worker may take so long to report after its machine is awake, milliseconds. */
const WORKER_BACK_MS = 180_000;
/** A machine that was not woken is left alone for this long, milliseconds. */
const FAILED_FOR_MS = 300_000;
/** Without a worker for this long, tasks stop waiting; a restart of the worker takes less. Milliseconds. */
const GONE_MS = 60_000;
/** A lease lasts for so long after the last task, so that the next one finds the machine awake. Milliseconds. */
const LINGER_MS = 10_000;
/** Between two checks, however much changes. Milliseconds. */
const PACE_MS = 200;
/** Tasks that are read at a time. */
const AT_ONCE = 1000;

export function createGpuWaking(dependencies: GpuWakingDependencies): GpuWaking {
  const { clock, log, engine, registry, leases, wakes, nodeName, busyWorkers, onChange } = dependencies;
  const stopping = new AbortController();
  const held = new Map<string, { lease: Disposable; idleSince: number | null }>();
  const workersChanged = createChanges();
  /** Machine → until when it is left alone, monotonic. */
  const failedUntil = new Map<string, number>();
  let waking: { nodeId: string; done: Promise<void> } | null = null;
  /** Since when tasks wait without a GPU worker, monotonic; null while none does. */
  let goneSince: number | null = null;
  let lastFailure: Message | null = null;
  let timer: (Timer & { at: number }) | null = null;
  let checking: Promise<void> | null = null;
  let again = false;
  /** When the last check ended, monotonic. */
  let lastAt = Number.NEGATIVE_INFINITY;

  const stopListening = registry.onChange(() => {
    workersChanged.notify();
    check();
  });

  function check(): void {
    if (stopping.signal.aborted || checking !== null) {
      again = true;
      return;
    }
    const leftMs = lastAt + PACE_MS - clock.monotonic();
    if (leftMs > 0) {
      checkIn(leftMs);
      return;
    }
    checking = checkNow()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) {
          log.debug('Waking for tasks was not decided.', { error: String(error) });
        }
      })
      .finally(() => {
        checking = null;
        lastAt = clock.monotonic();
        if (again) check();
      });
  }

  async function checkNow(): Promise<void> {
    again = false;
    timer?.cancel();
    timer = null;
    const queue = engine.current();
    const waiting = queue === null ? [] : await waitingTasks(queue);
    keepAwake(waiting);
    if (queue !== null) await serve(queue, waiting);
  }

  const waitingTasks = async (queue: TaskQueue) =>
    (await queue.list({ queue: GPU_QUEUE, states: ['waiting'], limit: AT_ONCE })).tasks;

  /** Leases of machines whose workers have tasks, or could take one of those that wait. */
  function keepAwake(waiting: readonly TaskRecord[]): void {
    const busy = busyWorkers();
    const needed = new Set(
      registry
        .list()
        .filter((worker) => busy.has(worker.id) || (worker.state === 'online' && canTakeOne(worker, waiting)))
        .flatMap(({ nodeId }) => nodeId ?? []),
    );
    if (waking !== null) needed.add(waking.nodeId);
    const now = clock.monotonic();
    for (const nodeId of needed) {
      const known = held.get(nodeId);
      if (known) known.idleSince = null;
      else held.set(nodeId, { lease: hold(nodeId), idleSince: null });
    }
    for (const [nodeId, entry] of [...held]) {
      if (needed.has(nodeId)) continue;
      entry.idleSince ??= now;
      const leftMs = entry.idleSince + LINGER_MS - now;
      if (leftMs > 0) checkIn(leftMs);
      else {
        held.delete(nodeId);
        entry.lease[Symbol.dispose]();
      }
    }
  }

  const hold = (nodeId: string) => leases.hold({ nodeId, by: 'task', purpose: fact('WORKING_ON_TASKS') });

  async function serve(queue: TaskQueue, waiting: readonly TaskRecord[]): Promise<void> {
    const workers = registry.list();
    const stranded = waiting.filter(({ spec }) => !workers.some(isOnlineFor(spec.contentType)));
    if (stranded.length === 0) {
      goneSince = null;
      lastFailure = null;
      return;
    }
    if (waking !== null) return;
    goneSince ??= clock.monotonic();
    const wishes = stranded.filter(({ spec }) => spec.whenGpuAsleep === 'wake');
    const target = wakeTarget(workers, wishes);
    if (target !== null) {
      beginWake(queue, target, wishes);
      return;
    }
    const leftMs = goneSince + GONE_MS - clock.monotonic();
    // A wake that failed has an answer already; a worker that dropped out may be back in a moment.
    if (!hasFailed(workers) && leftMs > 0) checkIn(leftMs);
    else await fallBack(queue, stranded, workers);
  }

  function wakeTarget(workers: readonly TaskWorker[], wishes: readonly TaskRecord[]): string | null {
    const now = clock.monotonic();
    for (const { state, nodeId, ...worker } of workers) {
      if (state !== 'asleep' || nodeId === null || (failedUntil.get(nodeId) ?? now) > now) continue;
      if (canTakeOne({ state, nodeId, ...worker }, wishes)) return nodeId;
    }
    return null;
  }

  /** Whether the machine of a worker that sleeps was not woken a moment ago. */
  const hasFailed = (workers: readonly TaskWorker[]) =>
    workers.some(
      ({ state, nodeId }) => state === 'asleep' && (failedUntil.get(nodeId ?? '') ?? 0) > clock.monotonic(),
    );

  function beginWake(queue: TaskQueue, nodeId: string, tasks: readonly TaskRecord[]): void {
    const done = wake(queue, nodeId, tasks)
      .catch((error: unknown) => {
        log.warn('Waking for tasks failed.', { nodeId, error: String(error) });
      })
      .finally(() => {
        waking = null;
        check();
      });
    waking = { nodeId, done };
    keepAwake(tasks);
    onChange(tasks.map(({ id }) => id));
  }

  async function wake(queue: TaskQueue, nodeId: string, tasks: readonly TaskRecord[]): Promise<void> {
    const { signal } = stopping;
    const node = nodeName(nodeId);
    await noteAll(queue, tasks, 'waking', fact('TASK_WAKING', { node }));
    try {
      await wakes.ensureAwake(nodeId, { signal, by: 'task' });
      await withDeadline(clock, WORKER_BACK_MS, signal, async (limited) => {
        while (!registry.list().some((worker) => worker.nodeId === nodeId && worker.state === 'online')) {
          await workersChanged.wait(limited);
        }
      });
      failedUntil.delete(nodeId);
      lastFailure = null;
    } catch (error) {
      if (signal.aborted) return;
      failedUntil.set(nodeId, clock.monotonic() + FAILED_FOR_MS);
      lastFailure = failureMessage(node, error);
      log.info('A machine was not woken for tasks.', { nodeId, error: String(error) });
      await noteAll(queue, tasks, 'note', lastFailure);
    }
  }

  /** Tasks go to the CPU queue if a worker there can do them; the others wait on, and a wake is tried again later. */
  async function fallBack(
    queue: TaskQueue,
    stranded: readonly TaskRecord[],
    workers: readonly TaskWorker[],
  ): Promise<void> {
    const movable = stranded.filter(
      ({ spec }) => spec.whenGpuAsleep !== 'wait' && workers.some(isCpuWorkerFor(spec.contentType)),
    );
    if (movable.length > 0) {
      await noteAll(queue, movable, 'note', fact('TASK_GPU_FELL_BACK'));
      await queue.move(
        movable.map(({ id }) => id),
        CPU_QUEUE,
      );
    }
    const retries = [...failedUntil.values()].map((at) => at - clock.monotonic()).filter((ms) => ms > 0);
    if (movable.length < stranded.length) checkIn(Math.min(FAILED_FOR_MS, ...retries));
  }

  /** At the latest; an earlier check that is planned already stays. */
  function checkIn(ms: number): void {
    const at = clock.monotonic() + ms;
    if (timer !== null && timer.at <= at) return;
    timer?.cancel();
    const { cancel } = clock.timer(ms, () => {
      timer = null;
      check();
    });
    timer = { at, cancel };
  }

  async function noteAll(
    queue: TaskQueue,
    tasks: readonly TaskRecord[],
    kind: TaskStep['kind'],
    message: Message,
  ): Promise<void> {
    const at = clock.now();
    for (const { id } of tasks) await queue.note(id, { at, kind, workerId: null, message });
    onChange(tasks.map(({ id }) => id));
  }

  return {
    check,
    waitsFor({ spec }) {
      const workers = registry.list();
      if (workers.some(isOnlineFor(spec.contentType))) return fact('TASK_ON_GPU');
      if (waking !== null && spec.whenGpuAsleep === 'wake') {
        return fact('TASK_WAKING', { node: nodeName(waking.nodeId) });
      }
      return lastFailure ?? fact('TASK_WAITS_FOR_GPU');
    },
    async stop() {
      stopping.abort(new PilotlightError('STOPPING'));
      stopListening();
      timer?.cancel();
      await Promise.all([checking, waking?.done]);
      for (const { lease } of held.values()) lease[Symbol.dispose]();
      held.clear();
    },
  };
}

const canTakeOne = (worker: TaskWorker, tasks: readonly TaskRecord[]): boolean =>
  tasks.some(({ spec }) => isGpuWorkerFor(worker, spec.contentType));

const isOnlineFor = (contentType: TaskRecord['spec']['contentType']) => (worker: TaskWorker) =>
  worker.state === 'online' && isGpuWorkerFor(worker, contentType);

const isCpuWorkerFor =
  (contentType: TaskRecord['spec']['contentType']) =>
  ({ state, trouble, queues, contentTypes }: TaskWorker) =>
    state === 'online' &&
    trouble === null &&
    queues.includes(CPU_QUEUE) &&
    contentTypes.includes(contentType);

function failureMessage(node: string, error: unknown): Message {
  if (isPilotlightError(error) && error.code === 'HOST_TIMEOUT') {
    return fact('TASK_WORKER_NOT_BACK', { node });
  }
  const reason = isPilotlightError(error) ? errorMessage(error) : plainText(String(error));
  return fact('TASK_WAKE_FAILED', { node, reason });
}
