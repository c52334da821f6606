/** The fleet as acquire and the pools see it when they need runners: each node's server is its runner. */
import { createEmitter } from '../../../shared/emitter.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { RunnerStatus } from '../../../shared/models/runner.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { LocalState } from './local-life.ts';
import type { RunnerFleet, RunnersDependencies } from './model.ts';
import { createRunnerServer } from './runner-server.ts';
import { isOnGpu, runnerNode } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

export interface FollowedRunnerFleet extends RunnerFleet {
  /** Something about a runner, or its node, may have changed. */
  refresh(nodeId: string): void;
  /** Its process was started again while its machine stayed up. */
  restarted(nodeId: string): void;
}

export function createRunnerFleet({
  log,
  fleet,
  runners,
  localOf,
  probeSoon,
}: Pick<RunnersDependencies, 'log' | 'fleet'> & {
  runners: ReadonlyMap<string, TrackedRunner>;
  /** undefined unless it is this computer's. */
  localOf(runner: TrackedRunner): LocalState | undefined;
  probeSoon(nodeId: string): void;
}): FollowedRunnerFleet {
  const changed = createEmitter<[node: NodeView | null, previous: NodeView | null]>({ name: 'runners', log });
  const restarts = createEmitter<[nodeId: string]>({ name: 'runners', log });
  const shown = new Map<string, { node: NodeView; key: string }>();
  const servers = new WeakMap<TrackedRunner, { url: string | null; server: InferenceServer }>();

  function compute(nodeId: string): NodeView | null {
    const runner = runners.get(nodeId);
    return runner === undefined ? null : runnerNode(fleet.get(nodeId), runner, localOf(runner));
  }

  /** A GPU somewhere has the model, or had it before its machine went off, and cannot be used now. */
  function isFallback(runner: TrackedRunner, hash: string | null): boolean {
    const onGpu = (one: TrackedRunner) =>
      one.status()?.provider !== undefined &&
      one.status()?.provider !== 'cpu' &&
      (one.status()?.models.some((model) => model.hash === hash) ?? false);
    const own = runner.status()?.models.find((model) => model.hash === hash);
    if (own === undefined || isOnGpu(own)) return false;
    return runner.problem()?.code === 'RUNNER_GPU_LOST' || [...runners.values()].some(onGpu);
  }

  function serverOf(runner: TrackedRunner): InferenceServer {
    const known = servers.get(runner);
    if (known?.url === runner.address.url) return known.server;
    const server = createRunnerServer(runner, { isFallback });
    servers.set(runner, { url: runner.address.url, server });
    return server;
  }

  return {
    list: () => [...runners.keys()].flatMap((nodeId) => compute(nodeId) ?? []),
    get: compute,
    server(nodeId) {
      const runner = runners.get(nodeId);
      return runner === undefined ? null : serverOf(runner);
    },
    status: (nodeId) => runners.get(nodeId)?.status() ?? null,
    onChange: changed.on,
    onRestart: restarts.on,
    probeSoon(nodeId) {
      probeSoon(nodeId);
      if (fleet.get(nodeId) !== null) fleet.probeSoon(nodeId);
    },
    probeOften(nodeId) {
      if (fleet.get(nodeId) !== null) return fleet.probeOften(nodeId);
      return { [Symbol.dispose]() {} };
    },
    refresh(nodeId) {
      const previous = shown.get(nodeId) ?? null;
      const now = compute(nodeId);
      const key = now === null ? '' : keyOf(now, runners.get(nodeId)?.status() ?? null);
      if (now === null) shown.delete(nodeId);
      else shown.set(nodeId, { node: now, key });
      if ((previous?.key ?? '') !== key) changed.emit(now, previous?.node ?? null);
    },
    restarted: restarts.emit,
  };
}

/** What acquire, the choice of embedders and the gateway's table depend on. */
function keyOf(node: NodeView, status: RunnerStatus | null): string {
  const { name, state, url, hasGpu, canWake, installed, loaded } = node;
  const models = loaded.map(({ name: model, placement }) => [model, placement]);
  const speech = (status?.models ?? []).filter(({ kind }) => kind === 'speech');
  const heard = speech.map((model) => [model.name, model.hash, model.state, model.provider]);
  return JSON.stringify([name, state, url, hasGpu, canWake, installed, models, heard]);
}
