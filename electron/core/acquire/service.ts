/**
 * Acquires a ready server with a model for jobs, tasks, requests and people: lease, wake, wait until it serves, place,
 * count in flight, release. The lease lasts from before the wake until the release.
 */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { createChanges } from '../runtime/changes.ts';
import { classifyFailure, type ReadyStage } from './failure.ts';
import type { AcquireDependencies, Acquired, AcquireRequest, AcquireService } from './model.ts';
import { createHealthTracker, type HealthTracker } from './node-health.ts';
import { noneError } from './none.ts';
import { makeReady, type ReadyNode } from './ready.ts';
import { chooseRoute, type NodeChoice, type Route, rankChoices } from './route.ts';
import { createSharedLeases } from './shared-leases.ts';
import { probeOften } from './waiting.ts';

const noop: Disposable = { [Symbol.dispose]() {} };

/** One attempt with one node. */
interface Attempt {
  nodeId: string;
  gpu: boolean;
  /** Ends the trial of a node that failed before. */
  admission: Disposable;
}

export function createAcquireService(dependencies: AcquireDependencies): AcquireService {
  const { clock, fleet, inFlight, log } = dependencies;
  const leases = createSharedLeases(dependencies.leases);
  const sharedHealth = createHealthTracker({ clock });
  const stopping = new AbortController();
  const stops = [
    fleet.onChange((node, previous) => {
      // The cause of earlier failures may be fixed.
      if (node !== null && isServing(node.state) && previous !== null && !isServing(previous.state)) {
        sharedHealth.cameUp(node.id);
      }
    }),
    fleet.onRestart(sharedHealth.cameUp),
  ];

  const hold = (nodeId: string, { brief = false, by, purpose }: AcquireRequest): Disposable =>
    brief ? noop : leases.hold({ nodeId, by, purpose });

  function acquired(
    { node, server, model, placement, reason }: ReadyNode,
    {
      request,
      health,
      lease,
      admission,
    }: {
      request: AcquireRequest;
      health: HealthTracker;
      lease: Disposable;
      admission: Disposable;
    },
  ): Acquired {
    const { id, name } = node;
    const mark = request.counts === 'each' ? noop : inFlight.begin(id, model);
    return {
      nodeId: id,
      name,
      server,
      model,
      placement,
      reason,
      begin: () => inFlight.begin(id, model),
      succeeded: () => health.succeeded(id),
      failed(error) {
        const kind = classifyFailure(error);
        const { failures } = health.failed(id, kind);
        return { kind, failures, breaker: health.breaker(id) };
      },
      breaker: () => health.breaker(id),
      async [Symbol.asyncDispose]() {
        mark[Symbol.dispose]();
        admission[Symbol.dispose]();
        lease[Symbol.dispose]();
      },
    };
  }

  async function acquireOn(
    nodeId: string,
    request: AcquireRequest,
    health: HealthTracker,
  ): Promise<Acquired> {
    const lease = hold(nodeId, request);
    try {
      const ready = await makeReady(dependencies, { ...request, nodeId });
      return acquired(ready, { request, health, lease, admission: noop });
    } catch (error) {
      lease[Symbol.dispose]();
      throw error;
    }
  }

  const candidates = ({ except, requirement }: AcquireRequest) =>
    fleet.list().filter(({ id }) => {
      if (except?.has(id)) return false;
      const server = fleet.server(id);
      return requirement?.capabilities.every((capability) => server?.capabilities.has(capability)) ?? true;
    });

  const routeOf = (request: AcquireRequest, health: HealthTracker): Route =>
    chooseRoute({
      nodes: candidates(request),
      health: health.view(),
      model: request.model ?? null,
      gpu: request.gpu ?? 'any',
      mayWake: request.wake ?? false,
      whenGpuGone: request.whenGpuGone ?? 'use-cpu',
    });

  /** null if there is nothing to try: no node is suitable, or each suitable one is on trial. */
  function nextAttempt(route: Route, request: AcquireRequest, health: HealthTracker): Attempt | null {
    if (route.kind === 'wait') return null;
    if (route.kind === 'wake') {
      return { nodeId: route.nodeId, gpu: request.gpu === 'needed', admission: noop };
    }
    const ranked: NodeChoice[] = rankChoices(route.nodes, fleet.list(), inFlight.onNode);
    for (const { nodeId, gpu } of ranked) {
      const admission = health.admit(nodeId);
      if (admission !== null) return { nodeId, gpu, admission };
    }
    return null;
  }

  /** The ready node; null if it did not become ready, after calling `onFailure` with why. */
  async function attempt(
    { nodeId, gpu }: Attempt,
    request: AcquireRequest,
    health: HealthTracker,
    onFailure: (error: unknown) => void,
  ): Promise<ReadyNode | null> {
    let stage: ReadyStage = 'serving';
    try {
      const ready = await makeReady(dependencies, {
        ...request,
        nodeId,
        gpu: gpu ? 'needed' : 'any',
        onStage: (reached) => {
          stage = reached;
        },
      });
      if (!gpu || ready.placement === 'gpu' || ready.placement === 'partial') return ready;
      health.gpuRefused(nodeId);
      const message = ready.reason === null ? {} : { message: ready.reason };
      onFailure(new PilotlightError('GPU_NOT_USED', { ...message, details: { nodeId } }));
    } catch (error) {
      request.signal.throwIfAborted();
      const why = health.notReady(nodeId, error, stage);
      log.debug('A node could not be made ready.', { nodeId, why, error: String(error) });
      onFailure(error);
    }
    return null;
  }

  async function acquireAnywhere(request: AcquireRequest, health: HealthTracker): Promise<Acquired> {
    const { signal, whenNone = 'probe' } = request;
    const changes = createChanges();
    const stops = [
      fleet.onChange(() => changes.notify()),
      fleet.onRestart(changes.notify),
      health.onTrialEnd(changes.notify),
    ];
    let failure: unknown = null;
    let lease = noop;
    /** Replaces the lease; the next one has already begun, so that a machine tried again is never without one. */
    const keep = (next: Disposable) => {
      lease[Symbol.dispose]();
      lease = next;
    };
    try {
      for (;;) {
        signal.throwIfAborted();
        const route = routeOf(request, health);
        const next = nextAttempt(route, request, health);
        if (next === null) {
          keep(noop);
          const probing = route.kind === 'wait' && route.for === 'probe';
          if (whenNone === 'fail' || (whenNone === 'probe' && !probing)) {
            throw failure ?? noneError(candidates(request), request.model ?? null);
          }
          using _ = probeOften(fleet, candidates(request), { gpu: request.gpu === 'needed' });
          await changedOrRetry(changes.wait(signal), health, changes.notify);
          continue;
        }
        keep(hold(next.nodeId, request));
        let handedOver = false;
        try {
          const ready = await attempt(next, request, health, (error) => {
            failure = error;
          });
          if (ready === null) continue;
          handedOver = true;
          const held = lease;
          lease = noop;
          return acquired(ready, { request, health, lease: held, admission: next.admission });
        } finally {
          if (!handedOver) next.admission[Symbol.dispose]();
        }
      }
    } finally {
      for (const stop of stops) stop();
      keep(noop);
    }
  }

  async function changedOrRetry(
    changed: Promise<void>,
    health: HealthTracker,
    notify: () => void,
  ): Promise<void> {
    const retryMs = health.nextRetryMs();
    const timer = retryMs === null ? null : clock.timer(retryMs, notify);
    try {
      await changed;
    } finally {
      timer?.cancel();
    }
  }

  return {
    async acquire(options) {
      using either = eitherOf(options.signal, stopping.signal);
      either.signal.throwIfAborted();
      const request = { ...options, signal: either.signal };
      const health =
        options.health ?? (options.by === 'person' ? createHealthTracker({ clock }) : sharedHealth);
      return await (request.nodeId === undefined
        ? acquireAnywhere(request, health)
        : acquireOn(request.nodeId, request, health));
    },
    stop() {
      for (const stop of stops) stop();
      stopping.abort(new PilotlightError('STOPPING'));
    },
  };
}
