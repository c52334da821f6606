/** One node of a pool: acquired, used until it is retired or dropped, then released. */
import { eitherOf } from '../../../shared/either.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { Clock } from '../ports/time.ts';
import type { ReadyStage } from './failure.ts';
import type { Acquired, AcquireService } from './model.ts';
import type { HealthTracker } from './node-health.ts';
import type { NodeChoice, WantedModel } from './route.ts';

export interface PoolWorker {
  readonly nodeId: string;
  readonly name: string;
  /** Whether the model has to be on the GPU there. */
  readonly gpu: boolean;
  /** The model's name there; null until it is known. */
  readonly model: string | null;
  /** It works on a CPU because no GPU was available. */
  readonly fallback: boolean;
  /** `waking` includes waiting for its models to be listed. */
  readonly stage: 'waking' | 'placing' | 'working' | 'ended';
  /** When it started working, monotonic. */
  readonly workingSince: number;
  readonly retiring: boolean;
  /** Where the model was placed; null if placement was not needed. */
  readonly placement: Placement | null;
}

export interface PoolTask {
  worker: PoolWorker;
  acquired: Acquired;
  /** Finish current requests, and start no new ones. */
  retired: AbortSignal;
  /** Stop at once. */
  stopped: AbortSignal;
  /** The node cannot be used any more: aborts `stopped`, and the pool avoids the node for a while. */
  drop(error: unknown): void;
}

/** Events of a pool. */
export interface PoolEvents {
  waking(worker: PoolWorker): void;
  woke(worker: PoolWorker): void;
  placing(worker: PoolWorker): void;
  placed(worker: PoolWorker, placement: Placement, reason: Message | null): void;
  /** The model could not be loaded on its GPU. */
  gpuRefused(worker: PoolWorker, reason: Message | null): void;
  working(worker: PoolWorker): void;
  dropped(worker: PoolWorker, error: unknown): void;
  /** `cameUp`: it woke, but does not have the model. */
  wakeFailed(worker: PoolWorker, error: unknown, cameUp: boolean): void;
  /** No job may wake it now. */
  wakeNotAllowed(worker: PoolWorker, error: unknown): void;
}

export interface PoolWorkerOptions {
  acquire: AcquireService['acquire'];
  clock: Pick<Clock, 'monotonic'>;
  health: HealthTracker;
  events: PoolEvents;
  model: WantedModel;
  purpose: Message;
  by: WakeRequester;
  choice: NodeChoice;
  /** It is asleep and must be woken first. */
  wake: boolean;
  fallback: boolean;
  signal: AbortSignal;
  work(task: PoolTask): Promise<void>;
  /** Called after its GPU was refused: how it may be used without one, or null. */
  withoutGpu(): { fallback: boolean } | null;
  fatal(error: unknown): void;
  /** Called at its end, before its lease ends, so that its successor on this node can take a lease first. */
  ended(): void;
}

export interface OwnedWorker extends PoolWorker {
  readonly done: Promise<void>;
  retire(): void;
  drop(error: unknown): void;
}

export function startPoolWorker(options: PoolWorkerOptions): OwnedWorker {
  const { choice, health, events, clock } = options;
  const { nodeId, name } = choice;
  const dropped = new AbortController();
  const retirement = new AbortController();
  const stopping = eitherOf(options.signal, dropped.signal);
  const stopped = stopping.signal;
  const retiring = eitherOf(stopped, retirement.signal);
  const retired = retiring.signal;
  let { gpu, model } = choice;
  let { fallback } = options;
  let stage: PoolWorker['stage'] = options.wake ? 'waking' : 'placing';
  let workingSince = 0;
  let placement: Placement | null = null;

  function drop(error: unknown): void {
    if (stopped.aborted) return;
    health.dropped(nodeId);
    events.dropped(worker, error);
    dropped.abort(error);
  }

  async function acquire(): Promise<Acquired | null> {
    let reached = 'serving' as ReadyStage;
    try {
      return await options.acquire({
        nodeId,
        model: options.model,
        gpu: gpu ? 'needed' : 'any',
        wake: options.wake,
        counts: 'each',
        purpose: options.purpose,
        by: options.by,
        signal: stopped,
        health,
        onStep({ step }) {
          if (step === 'waking') reached = 'waking';
          if (step === 'awake') {
            reached = 'woken';
            events.woke(worker);
          }
          if (step === 'placing') {
            stage = 'placing';
            events.placing(worker);
          }
        },
      });
    } catch (error) {
      if (stopped.aborted) return null;
      const why = health.notReady(nodeId, error, reached);
      if (why === 'wake-not-allowed') events.wakeNotAllowed(worker, error);
      else if (why === 'wake-failed') events.wakeFailed(worker, error, reached === 'woken');
      else events.dropped(worker, error);
      return null;
    }
  }

  /** Whether it may work, with its GPU or without. */
  function takePlacement(acquired: Acquired): boolean {
    model = acquired.model;
    if (!gpu) return true;
    if (acquired.placement === 'gpu' || acquired.placement === 'partial') {
      placement = acquired.placement;
      events.placed(worker, acquired.placement, acquired.reason);
      return true;
    }
    health.gpuRefused(nodeId);
    events.gpuRefused(worker, acquired.reason);
    const instead = options.withoutGpu();
    if (instead === null) return false;
    gpu = false;
    fallback = instead.fallback;
    return true;
  }

  async function run(): Promise<void> {
    const acquired = await acquire();
    try {
      if (acquired === null || !takePlacement(acquired) || retired.aborted) return;
      stage = 'working';
      workingSince = clock.monotonic();
      events.working(worker);
      await options.work({ worker, acquired, retired, stopped, drop });
    } catch (error) {
      options.fatal(error);
    } finally {
      stage = 'ended';
      options.ended();
      await acquired?.[Symbol.asyncDispose]();
      for (const one of [retiring, stopping]) one[Symbol.dispose]();
    }
  }

  const worker: PoolWorker = {
    nodeId,
    name,
    get gpu() {
      return gpu;
    },
    get model() {
      return model;
    },
    get fallback() {
      return fallback;
    },
    get stage() {
      return stage;
    },
    get workingSince() {
      return workingSince;
    },
    get retiring() {
      return retired.aborted;
    },
    get placement() {
      return placement;
    },
  };
  if (options.wake) events.waking(worker);
  return Object.defineProperties(
    { done: run(), retire: () => retirement.abort(), drop },
    Object.getOwnPropertyDescriptors(worker),
  ) as OwnedWorker;
}
