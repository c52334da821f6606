/** What the runners look like to the panel, and to acquire. Pure. */
import { isServing, type NodeState, type NodeView } from '../../../shared/models/fleet.ts';
import { errorMessage, plainText } from '../../../shared/models/message.ts';
import type { InstalledModel, ModelOnNode } from '../../../shared/models/placement.ts';
import type { RunnerModel, RunnerPull, RunnerStatus, RunnerView } from '../../../shared/models/runner.ts';
import type { LocalState } from './local-life.ts';
import { pinnedName } from './pinned-name.ts';
import type { ReachState, TrackedRunner } from './tracked-runner.ts';

export const isOnGpu = ({ provider }: Pick<RunnerModel, 'provider'>) =>
  provider !== null && provider !== 'cpu';

/** Those that can be used. */
export const faceModels = (runner: Pick<TrackedRunner, 'status'>): RunnerModel[] =>
  runner.status()?.models.filter(({ kind, state }) => kind === 'faces' && state !== 'failed') ?? [];

export const makesVectorsOfTexts = ({ kind }: Pick<RunnerModel, 'kind'>): boolean =>
  kind === 'text' || kind === 'clip';

/** Models for texts, as an inference server would list them. */
export function installedOf(model: RunnerModel): InstalledModel {
  return {
    name: pinnedName(model),
    digest: model.hash,
    sizeBytes: model.sizeBytes,
    family: '',
    parameterSize: '',
    quantization: model.precision,
    capabilities: makesVectorsOfTexts(model) ? ['embedding'] : [],
    embeddingLength: model.dimensions,
    contextLength: model.maxTokens,
  };
}

/** Empty unless it is in memory. */
export function loadedOf(model: RunnerModel): ModelOnNode[] {
  if (model.state !== 'ready') return [];
  const gpu = isOnGpu(model);
  return [
    {
      name: pinnedName(model),
      digest: model.hash,
      sizeBytes: model.sizeBytes,
      vramBytes: gpu ? model.sizeBytes : 0,
      expiresAt: model.expiresAt,
      contextLength: model.maxTokens,
      placement: gpu ? 'gpu' : 'cpu',
      gpuShare: gpu ? 1 : 0,
      priority: false,
      pinned: false,
      flagged: false,
    },
  ];
}

/** `undefined`: not this computer's. */
export function nodeStateOf(
  reach: ReachState,
  { usable, machine, local }: { usable: boolean; machine: NodeState | null; local: LocalState | undefined },
): NodeState {
  if (local?.state === 'off') return 'off';
  if (local?.state === 'failed') return 'trouble';
  // It is there in a moment, so whoever needs it waits for it like for a first probe.
  if (local?.state === 'starting') return 'unknown';
  const isOff = machine === 'off' || machine === 'waking' || machine === 'unknown';
  if (local === undefined && isOff) return machine;
  switch (reach) {
    case 'ready':
      return usable ? 'serving' : 'trouble';
    case 'not-ready':
      return 'booting';
    case 'failing':
      return 'trouble';
    case 'asleep':
      return 'off';
    case 'unknown':
      return 'unknown';
  }
}

/** Whether it has a GPU that it uses; null if it never said. */
export function hasGpuOf(status: RunnerStatus | null): boolean | null {
  return status === null ? null : status.provider !== 'cpu';
}

/** The node as if its runner were its server. */
export function runnerNode(
  node: NodeView | null,
  runner: TrackedRunner,
  local: LocalState | undefined,
): NodeView {
  const { address } = runner;
  const status = runner.status();
  const models = (status?.models ?? []).filter(makesVectorsOfTexts);
  const state = nodeStateOf(runner.reach(), { usable: runner.usable(), machine: node?.state ?? null, local });
  const base = node ?? bareNode(address);
  return {
    ...base,
    url: address.url ?? 'http://127.0.0.1',
    state,
    trouble: null,
    gpuLost: null,
    wedged: null,
    hasGpu: hasGpuOf(status) ?? (isServing(state) ? false : base.hasGpu),
    canWake: base.canWake && state === 'off',
    vram: { totalBytes: base.vram.totalBytes, source: base.vram.source },
    installed: models.map(installedOf),
    loaded: models.flatMap(loadedOf),
  };
}

/** A runner at an address of the settings, whose machine is not in the fleet. */
function bareNode({ nodeId, name, url }: TrackedRunner['address']): NodeView {
  return {
    id: nodeId,
    name,
    kind: 'remote',
    url,
    mac: null,
    wakeDestinations: [],
    wakeWays: [],
    agentUrl: null,
    shutdownUrl: null,
    addedAt: 0,
    hasSecureOn: false,
    hasAgentToken: false,
    hasRelayToken: false,
    hasShutdownSecret: false,
    state: 'unknown',
    since: 0,
    trouble: null,
    gpuLost: null,
    wedged: null,
    server: null,
    canWake: false,
    lastWakeError: null,
    boot: { usualMs: null, count: 0 },
    hasGpu: null,
    vram: { totalBytes: null, source: 'unknown' },
    gpus: [],
    loaded: [],
    installed: [],
    lastSeenAt: null,
    uses: [],
  };
}

/** An entry of the stream `runners`. */
export function runnerView(
  runner: TrackedRunner,
  {
    local,
    pulls,
    machineHasGpu,
  }: { local: LocalState | undefined; pulls: RunnerPull[]; machineHasGpu: boolean },
): RunnerView {
  const { address } = runner;
  const status = runner.status();
  const usesGpu = status !== null && status.provider !== 'cpu';
  return {
    nodeId: address.nodeId,
    name: address.name,
    from: address.from,
    url: address.url ?? '',
    sharedFrom: local?.state === 'running' ? local.sharedFrom : null,
    state: viewState(runner.reach(), local),
    problem: runner.problem(),
    status,
    breaker: runner.breaker(),
    pulls,
    client: runner.statistics.view(usesGpu || machineHasGpu),
  };
}

function viewState(reach: ReachState, local: LocalState | undefined): RunnerView['state'] {
  if (local !== undefined && local.state !== 'running') return local.state;
  switch (reach) {
    case 'ready':
      return 'ready';
    case 'not-ready':
      return 'starting';
    case 'unknown':
      return local === undefined ? 'unreachable' : 'starting';
    default:
      return 'unreachable';
  }
}

/** Why the runner of this computer did not start, if that is its state. */
export function withOwnProblem(shown: RunnerView, local: LocalState | undefined): RunnerView {
  if (local?.state !== 'failed') return shown;
  const { code, message, next, said } = local.error;
  return {
    ...shown,
    problem: { code, message: errorMessage({ message, said }), next: plainText(next) },
  };
}
