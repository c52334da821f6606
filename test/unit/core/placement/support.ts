import { describeLoaded } from '../../../../electron/core/fleet/model-placement.ts';
import type { PlanInput } from '../../../../electron/core/placement/plan.ts';
import { type NodeView, nodeViewSchema, serverCapabilitySchema } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { InstalledModel, LoadedModel, MoveRecord } from '../../../../shared/models/placement.ts';
import type { GpuReading } from '../../../../shared/models/telemetry.ts';

export const NOW = Date.UTC(2026, 10, 21, 9);
export const GB = 1e9;
export const PRIORITY = ['mxbai-embed-large', 'llama3.1'];

export function aLoaded(changes: Partial<LoadedModel> = {}): LoadedModel {
  const name = changes.name ?? 'llama3.1:8b';
  return {
    name,
    digest: `digest of ${name}`,
    sizeBytes: 6 * GB,
    vramBytes: 0,
    expiresAt: NOW + 300_000,
    contextLength: 4096,
    ...changes,
  };
}

export function anInstalled(changes: Partial<InstalledModel> = {}): InstalledModel {
  const name = changes.name ?? 'llama3.1:8b';
  return {
    name,
    digest: `digest of ${name}`,
    sizeBytes: 5 * GB,
    family: 'llama',
    parameterSize: '8.0B',
    quantization: 'Q4_K_M',
    capabilities: ['completion'],
    embeddingLength: null,
    ...changes,
  };
}

export type NodeChanges = Partial<Omit<NodeView, 'loaded'>> & {
  loaded?: readonly LoadedModel[];
  pinned?: ReadonlySet<string>;
  priorityModels?: readonly string[];
};

/** A node with a GPU of 24 GB that serves. */
export function aNode({
  loaded = [],
  pinned = new Set(),
  priorityModels = PRIORITY,
  ...changes
}: NodeChanges = {}): NodeView {
  const hasGpu = changes.hasGpu === undefined ? true : changes.hasGpu;
  return nodeViewSchema.parse({
    id: 'node_1',
    name: 'tower',
    kind: 'remote',
    url: 'http://127.0.0.1:11434',
    mac: null,
    wakeDestinations: [],
    hasSecureOn: false,
    hasAgentToken: false,
    hasRelayToken: false,
    hasShutdownSecret: false,
    addedAt: NOW,
    state: 'serving',
    since: NOW,
    trouble: null,
    server: {
      product: 'Ollama',
      version: '0.33.0',
      capabilities: [...serverCapabilitySchema.options],
    },
    canWake: false,
    lastWakeError: null,
    boot: { usualMs: null, count: 0 },
    hasGpu,
    vram: { totalBytes: 24 * GB, source: 'person' },
    gpus: [],
    loaded: describeLoaded({ loaded, hasGpu, priorityModels, pinned }),
    installed: [],
    lastSeenAt: NOW,
    uses: [],
    ...changes,
  });
}

export function planInput(node: NodeView, changes: Partial<PlanInput> = {}): PlanInput {
  return {
    now: NOW,
    node,
    gpus: [],
    priorityModels: PRIORITY,
    pinned: new Set(),
    inFlight: () => 0,
    moving: null,
    blocked: null,
    history: () => undefined,
    placedSince: () => NOW - 60_000,
    lastLoadedAt: () => null,
    settleMs: 15_000,
    ...changes,
  };
}

export function aMoveOf(changes: Partial<MoveRecord> = {}): MoveRecord {
  return {
    id: 1,
    at: NOW,
    nodeId: 'node_1',
    nodeName: 'tower',
    model: 'llama3.1:8b',
    by: 'optimizer',
    from: 'cpu',
    to: 'gpu',
    wanted: 'gpu',
    outcome: 'moved',
    reason: fact('ALL_ON_GPU'),
    code: null,
    durationMs: 1000,
    evicted: [],
    ...changes,
  };
}

export const H100_TOTAL = 85_520_809_984;
export const PYTHON = { name: '/opt/torch/.venv/bin/python3', vramUsedBytes: 79_719_038_976 };
export const RUNNER = { name: '/usr/lib/ollama/llama-server', vramUsedBytes: 830_472_192 };

/** An 80 GB card with another program on it, as reported by an agent. */
export const gpuReading = (changes: Partial<GpuReading> = {}): GpuReading => ({
  id: 'GPU-0',
  vendor: 'nvidia',
  name: 'NVIDIA H100 80GB HBM3',
  vramTotalBytes: H100_TOTAL,
  vramUsedBytes: 80_565_239_808,
  utilisationPercent: 0,
  temperatureCelsius: 43,
  powerWatts: 124,
  processes: [PYTHON, RUNNER],
  ...changes,
});
