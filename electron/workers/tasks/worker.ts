/**
 * The worker: it introduces itself, takes a task for each free slot, and reports what it has. When the connection breaks,
 * the work continues, and it introduces itself again with what it still has.
 */

import {
  OLDEST_WORKER_PROTOCOL,
  WORKER_PROTOCOL,
  type WorkerAnswer,
  type WorkerTask,
} from '../../../shared/contract/task-worker.ts';
import { eitherOf } from '../../../shared/either.ts';
import type { ContentType, TaskQueueName, WorkerType } from '../../../shared/models/tasks.ts';
import type { TaskWorkerConfig, TaskWorkerStatus } from '../../adapters/tasks/worker-protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock, Random } from '../../core/ports/time.ts';
import { createBackoff, jittered } from './backoff.ts';
import { createBeats } from './beats.ts';
import { createBell } from './bell.ts';
import { coded } from './failures.ts';
import type { Scratch } from './files/scratch.ts';
import type { TaskServer } from './link/server.ts';
import { isForgotten, isTransient } from './link/transient.ts';
import type { HandlerPool } from './processes/pool.ts';
import { createStatusBook } from './status-book.ts';
import { startTaskRun, type TaskRun, type TaskRunTools } from './task-run.ts';

export interface TaskWorkerOptions {
  config: Omit<TaskWorkerConfig, 'server' | 'token' | 'memoryLimitMb' | 'type' | 'queues'> & {
    type: WorkerType;
    queues: TaskQueueName[];
  };
  contentTypes: readonly ContentType[];
  server: TaskServer;
  pool: HandlerPool;
  scratch: Scratch;
  clock: Clock;
  random: Random;
  log: Log;
  /** What proves that it has the shared folder; null without one. */
  sharedProof(): Promise<string | null>;
  /** Of the processes of its handlers; null if it is not known. */
  load(pids: readonly number[]): Promise<{ cpu: number; memoryBytes: number } | null>;
  onStatus?(status: TaskWorkerStatus): void;
}

export interface TaskWorker {
  status(): TaskWorkerStatus;
  /** Takes nothing more. Resolves when it has no task left; after this time, milliseconds, what is left is given back. */
  drain(withinMs: number): Promise<void>;
  /** Ends at once, after `drain` or without. */
  stop(): Promise<void>;
}

const HELLO_MS = 15_000;
const CLAIM_WAIT_MS = 25_000;
const CLAIM_MS = CLAIM_WAIT_MS + 15_000;
const MOST_CLAIMED = 64;
/** A server that answers at once that there is nothing is asked again after this, milliseconds. */
const QUICK_MS = 1000;
/** A refusal needs a person; it is checked now and then whether it still stands. */
const REFUSED_MS = 60_000;
const BYE_MS = 2000;
/** A shared folder that is not Pilotlight's is checked again after this, milliseconds. */
const FOLDER_MS = 60_000;

export function startTaskWorker(options: TaskWorkerOptions): TaskWorker {
  const { config, server, pool, clock, random, log } = options;
  const { id: workerId, slots } = config;
  const stopping = new AbortController();
  const runs = new Map<string, TaskRun>();
  const changed = createBell();
  const idle = createBell();
  /** The server gives nothing. */
  let isHeld = false;
  /** This worker takes nothing. */
  let isLeaving = false;
  let claiming: AbortController | null = null;

  const status = createStatusBook({
    log,
    active: () => runs.size,
    isDraining: () => isHeld || isLeaving,
    onChange: (now) => options.onStatus?.(now),
  });
  const beats = createBeats({
    workerId,
    server,
    clock,
    runs: () => [...runs.values()],
    load: () => options.load(pool.pids()),
    onDrain: hold,
  });

  const free = () => (isHeld || isLeaving ? 0 : slots - runs.size);
  const newBackoff = () => createBackoff({ firstMs: 500, mostMs: 10_000, random });

  function hold(on: boolean): void {
    if (isHeld === on) return;
    isHeld = on;
    if (on) claiming?.abort();
    status.changed();
    changed.ring();
  }

  const tools: TaskRunTools = {
    ...options,
    workerId,
    sharedFolder: config.sharedFolder,
    newBackoff,
    wantsNext: () => !isHeld && !isLeaving && status.now().state === 'online',
    flush: () => beats.send(stopping.signal).catch(() => {}),
    onNews: beats.soon,
  };

  /** A second lease of the same task: the first one was lost, though the worker does not know it yet. */
  function stopEarlier(taskId: string): void {
    for (const run of runs.values()) if (run.proof.id === taskId) run.stop('lost');
  }

  /** What arrives after it was told to leave is given back. */
  function takeOn(tasks: readonly WorkerTask[]): void {
    if (!isLeaving) for (const task of tasks) begin(task);
    else if (tasks.length > 0) {
      const request = { workerId, tasks: tasks.map(({ id, token }) => ({ id, token })) };
      server
        .call('release', request, { signal: stopping.signal, deadlineMs: HELLO_MS })
        .catch((error: unknown) => log.warn('Tasks could not be given back.', { code: coded(error).code }));
    }
  }

  function begin(task: WorkerTask): void {
    stopEarlier(task.id);
    const run = startTaskRun(task, tools);
    const key = `${task.id} ${task.token}`;
    runs.set(key, run);
    status.changed();
    void run.ended.then((next) => {
      runs.delete(key);
      if (next !== null) takeOn([next]);
      status.changed();
      changed.ring();
      if (runs.size === 0) idle.ring();
    });
  }

  async function hello(): Promise<WorkerAnswer<'hello'>> {
    const held = [...runs.values()];
    const answer = await server.call(
      'hello',
      {
        id: workerId,
        name: config.name,
        type: config.type,
        queues: config.queues,
        slots,
        version: config.version,
        protocol: WORKER_PROTOCOL,
        oldestProtocol: OLDEST_WORKER_PROTOCOL,
        contentTypes: [...options.contentTypes],
        agentId: config.agentId,
        ...(config.checkOnly && { checkOnly: true }),
        now: clock.now(),
        sharedFolderProof: await options.sharedProof(),
        tasks: held.map(({ proof }) => proof),
      },
      { signal: stopping.signal, deadlineMs: HELLO_MS },
    );
    beats.apply(held, answer.tasks);
    if (answer.memoryLimitMb !== undefined) pool.limitMemory(answer.memoryLimitMb);
    return answer;
  }

  async function claimAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const count = Math.min(free(), MOST_CLAIMED);
      if (count <= 0) {
        await changed.wait(signal);
        continue;
      }
      const controller = new AbortController();
      claiming = controller;
      const askedAt = clock.monotonic();
      using either = eitherOf(signal, controller.signal);
      const answer = await server
        .call(
          'claim',
          { workerId, count, waitMs: CLAIM_WAIT_MS },
          { signal: either.signal, deadlineMs: CLAIM_MS },
        )
        .catch((error: unknown) => {
          if (controller.signal.aborted && !signal.aborted) return null;
          throw error;
        });
      claiming = null;
      if (answer === null) continue;
      takeOn(answer.tasks);
      hold(answer.drain);
      const isQuick = clock.monotonic() - askedAt < QUICK_MS;
      if (answer.tasks.length === 0 && isQuick) await clock.sleep(jittered(QUICK_MS, random), signal);
    }
  }

  /** The folder may be mounted here, or named in Pilotlight's settings, later than the worker starts. */
  async function recheckFolder(session: WorkerAnswer<'hello'>, signal: AbortSignal): Promise<void> {
    let isShared = config.sharedFolder === null || session.sharedFolder;
    while (!isShared) {
      await clock.sleep(jittered(FOLDER_MS, random), signal);
      isShared = (await hello()).sharedFolder;
    }
    await createBell().wait(signal);
  }

  /** Until the connection breaks. */
  async function serve(session: WorkerAnswer<'hello'>): Promise<never> {
    const broken = new AbortController();
    using either = eitherOf(stopping.signal, broken.signal);
    const { signal } = either;
    const parts = [claimAll(signal), beats.keep(session.beatMs, signal), recheckFolder(session, signal)];
    try {
      await Promise.race(parts);
    } finally {
      broken.abort();
      await Promise.allSettled(parts);
    }
    throw stopping.signal.reason;
  }

  async function live(): Promise<void> {
    const backoff = newBackoff();
    while (!stopping.signal.aborted) {
      try {
        const session = await hello();
        hold(session.drain);
        if (session.refused !== null) {
          const { code, error: message, next } = session.refused;
          status.refused({ code, message, next });
          await clock.sleep(jittered(REFUSED_MS, random), stopping.signal);
          continue;
        }
        status.online();
        backoff.reset();
        await serve(session);
      } catch (error) {
        if (stopping.signal.aborted) return;
        const isAway = isTransient(error);
        if (isAway) status.unreachable(coded(error));
        else if (!isForgotten(error)) status.refused(coded(error));
        const ms = isAway || isForgotten(error) ? backoff.next() : jittered(REFUSED_MS, random);
        await clock.sleep(ms, stopping.signal).catch(() => {});
      }
    }
  }

  pool.warm();
  const living = live();
  let ending: Promise<void> | null = null;

  async function end(): Promise<void> {
    isLeaving = true;
    const left = [...runs.values()];
    for (const run of left) run.stop('release');
    await Promise.all(left.map(({ ended }) => ended));
    if (status.now().state !== 'unreachable') {
      const options = { signal: new AbortController().signal, deadlineMs: BYE_MS };
      await server.call('bye', { workerId }, options).catch(() => {});
    }
    stopping.abort(new DOMException('The worker was stopped.', 'AbortError'));
    pool.stop();
    await living;
    options.scratch.remove();
  }

  return {
    status: status.now,
    async drain(withinMs) {
      isLeaving = true;
      claiming?.abort();
      status.changed();
      changed.ring();
      const late = new AbortController();
      const timer = clock.timer(withinMs, () => late.abort());
      try {
        while (runs.size > 0) await idle.wait(late.signal);
      } catch {
        const left = [...runs.values()];
        for (const run of left) run.stop('release');
        await Promise.all(left.map(({ ended }) => ended));
      } finally {
        timer.cancel();
      }
    },
    stop() {
      ending ??= end();
      return ending;
    },
  };
}
