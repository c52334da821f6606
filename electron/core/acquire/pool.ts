/**
 * Batch work on all suitable nodes. While it runs, a pool follows the route: it starts and retires workers, wakes one
 * machine at a time, falls back to the CPU, or waits. Each worker holds one acquisition of its node.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { WhenGpuGone } from '../../../shared/models/indexing.ts';
import type { Clock } from '../ports/time.ts';
import { createChanges } from '../runtime/changes.ts';
import type { AcquireFleet, AcquireService } from './model.ts';
import {
  type OwnedWorker,
  type PoolEvents,
  type PoolWorker,
  type PoolWorkerOptions,
  startPoolWorker,
} from './pool-worker.ts';
import { chooseRoute, modelOnNode, type NodeChoice, type Route } from './route.ts';
import { probeOften } from './waiting.ts';

export type { PoolTask, PoolWorker } from './pool-worker.ts';

export type PoolWait = Extract<Route, { kind: 'wait' }>;

export interface PoolOptions extends Pick<PoolWorkerOptions, 'health' | 'model' | 'purpose' | 'by' | 'work'> {
  clock: Pick<Clock, 'monotonic' | 'timer'>;
  acquire: Pick<AcquireService, 'acquire'>;
  fleet: Pick<AcquireFleet, 'list' | 'get' | 'onChange' | 'onRestart' | 'probeOften'>;
  gpu: 'needed' | 'avoided';
  mayWake: boolean;
  whenGpuGone: WhenGpuGone;
  events: PoolEvents & {
    /** No node can be used or is being woken. Called repeatedly while that lasts. */
    waiting(wait: PoolWait): void;
    /** The set of working nodes has changed. */
    changed(working: readonly PoolWorker[]): void;
  };
}

/** Until then, a probe from before the model was placed may still be in effect. */
const PLACEMENT_SETTLES_MS = 15_000;

/** Runs until the signal aborts; rejects with its reason, or with the error of `work`. */
export async function runPool(options: PoolOptions, signal: AbortSignal): Promise<void> {
  const { fleet, health, model, events, clock } = options;
  const changes = createChanges();
  const workers = new Map<string, OwnedWorker>();
  const running = new Set<Promise<void>>();
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);

  const route = (): Route =>
    chooseRoute({
      nodes: fleet.list(),
      health: health.view(),
      model,
      gpu: options.gpu,
      mayWake: options.mayWake,
      whenGpuGone: options.whenGpuGone,
    });
  const working = () =>
    [...workers.values()].filter(({ stage, retiring }) => stage === 'working' && !retiring);
  const isWithoutGpu = () => options.gpu === 'needed' && !working().some(({ gpu }) => gpu);
  const waking = () => [...workers.values()].some(({ stage }) => stage === 'waking');

  function start(choice: NodeChoice, own: { wake: boolean; fallback: boolean }): void {
    const { nodeId } = choice;
    const worker = startPoolWorker({
      ...options,
      ...own,
      choice,
      acquire: options.acquire.acquire,
      events: {
        ...events,
        working(worked) {
          events.working(worked);
          changes.notify();
        },
      },
      signal: stop,
      withoutGpu() {
        const next = route();
        if (next.kind !== 'use') return null;
        return next.nodes.some((other) => other.nodeId === nodeId && !other.gpu)
          ? { fallback: next.fallback }
          : null;
      },
      fatal: (error) => failure.abort(error),
      ended() {
        workers.delete(nodeId);
        events.changed(working());
        // At once, so that a successor on this node takes its lease before this one ends.
        follow();
        changes.notify();
      },
    });
    workers.set(nodeId, worker);
    running.add(worker.done);
    void worker.done.finally(() => running.delete(worker.done));
  }

  function follow(): void {
    if (stop.aborted) return;
    const next = route();
    if (next.kind === 'wake') wake(next);
    else if (next.kind === 'wait') wait(next);
    // While a GPU machine boots, do not load the model on a CPU where it is soon not needed.
    else if (!waking() || next.nodes.some(({ gpu }) => gpu)) use(next);
  }

  function wake({ nodeId, name }: Extract<Route, { kind: 'wake' }>): void {
    if (waking() || workers.has(nodeId)) return;
    const gpu = options.gpu === 'needed';
    start({ nodeId, name, model: null, gpu }, { wake: true, fallback: false });
  }

  function wait(next: PoolWait): void {
    for (const worker of workers.values()) if (worker.stage !== 'waking') worker.retire();
    if (workers.size === 0) events.waiting(next);
  }

  function use({ nodes, fallback }: Extract<Route, { kind: 'use' }>): void {
    for (const choice of nodes) {
      const present = workers.get(choice.nodeId);
      if (present === undefined) start(choice, { wake: false, fallback: fallback && !choice.gpu });
      else if (differs(present, choice)) present.retire();
    }
    const wanted = new Set(nodes.map(({ nodeId }) => nodeId));
    if (!working().some(({ nodeId }) => wanted.has(nodeId))) return;
    for (const worker of workers.values()) {
      if (worker.stage !== 'waking' && !wanted.has(worker.nodeId)) worker.retire();
    }
    events.changed(working());
  }

  function onFleetChange(node: NodeView | null, previous: NodeView | null): void {
    const nodeId = node?.id ?? previous?.id;
    if (nodeId === undefined) return;
    const serves = node !== null && isServing(node.state);
    if (serves && previous !== null && !isServing(previous.state)) health.cameUp(nodeId);
    const worker = workers.get(nodeId);
    if (worker !== undefined && worker.stage !== 'waking') {
      if (!serves) worker.drop(new PilotlightError('HOST_UNREACHABLE'));
      else if (worker.model !== null && modelOnNode(node, model) === null) {
        worker.drop(new PilotlightError('MODEL_NOT_FOUND'));
      } else if (fellToCpu(worker, node)) worker.retire();
    }
    changes.notify();
  }

  /** The model left the GPU while it was in use. */
  function fellToCpu({ gpu, stage, workingSince, model: name }: PoolWorker, node: NodeView): boolean {
    if (!gpu || stage !== 'working' || clock.monotonic() - workingSince < PLACEMENT_SETTLES_MS) return false;
    return node.loaded.some((loaded) => loaded.name === name && loaded.placement === 'cpu');
  }

  const stops = [
    fleet.onChange(onFleetChange),
    fleet.onRestart((nodeId) => {
      health.cameUp(nodeId);
      changes.notify();
    }),
  ];
  try {
    for (;;) {
      stop.throwIfAborted();
      const changed = changes.wait(stop);
      changed.catch(() => undefined);
      follow();
      // Work that waits for a GPU is to notice at once that one is there.
      const gpu = options.gpu === 'needed';
      using _ = workers.size === 0 || isWithoutGpu() ? probeOften(fleet, fleet.list(), { gpu }) : null;
      const retryMs = health.nextRetryMs();
      const timer = retryMs === null ? null : clock.timer(retryMs, changes.notify);
      try {
        await changed;
      } finally {
        timer?.cancel();
      }
    }
  } catch (error) {
    failure.abort(error);
    throw error;
  } finally {
    for (const stop of stops) stop();
    await Promise.all(running);
  }
}

/** Whether it is used differently than it should be now. An unknown model does not differ. */
function differs(worker: PoolWorker, choice: NodeChoice): boolean {
  return worker.gpu !== choice.gpu || (worker.model !== null && worker.model !== choice.model);
}
