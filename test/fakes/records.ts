/** Whole records with plain values, of which a test changes what it is about. */

import { type NodeView, nodeViewSchema, serverCapabilitySchema } from '../../shared/models/fleet.ts';
import { type GatewayView, gatewayViewSchema } from '../../shared/models/gateway.ts';
import {
  type IndexJob,
  indexJobSchema,
  type SourceView,
  sourceViewSchema,
} from '../../shared/models/indexing.ts';
import { fact, plainText } from '../../shared/models/message.ts';
import { type MoveRecord, moveRecordSchema } from '../../shared/models/placement.ts';
import { type RemoteIndexView, remoteIndexViewSchema } from '../../shared/models/remote-index.ts';
import type { RequestView } from '../../shared/models/requests.ts';
import type { GpuReading } from '../../shared/models/telemetry.ts';

export function aJob(changes: Partial<IndexJob> = {}): IndexJob {
  return indexJobSchema.parse({
    id: 'job_1',
    sourceIds: ['source_1'],
    label: plainText('Notes'),
    full: false,
    rebuild: false,
    useGpu: true,
    callbackUrl: null,
    status: 'running',
    phase: 'embedding',
    detail: fact('EMBEDDING_ON', { nodes: [{ node: 'tower', on: 'gpu' }] }),
    createdAt: Date.UTC(2026, 10, 21, 9),
    startedAt: Date.UTC(2026, 10, 21, 9),
    endedAt: null,
    files: { total: 40, done: 10, unchanged: 5, removed: 1, failed: 1, skipped: 2 },
    vectors: 120,
    fallbackVectors: 20,
    etaMs: 65_000,
    currentFile: 'a/b.md',
    nodes: [{ nodeId: 'node_1', name: 'tower', placement: 'gpu', vectors: 100, vectorsPerSecond: 12 }],
    events: [],
    failures: [],
    leftOut: [],
    error: null,
    resumed: false,
    ...changes,
  });
}

export function aGatewayView(changes: Partial<GatewayView> = {}): GatewayView {
  return gatewayViewSchema.parse({
    state: 'running',
    url: 'http://127.0.0.1:11435',
    listening: 'loopback',
    problem: null,
    restarts: 0,
    version: 1,
    ...changes,
  });
}

export function aSource(changes: Partial<SourceView> = {}): SourceView {
  return sourceViewSchema.parse({
    id: 'source_1',
    name: 'Notes',
    path: '/notes',
    embedder: { kind: 'builtin' },
    wake: true,
    whenGpuGone: 'use-cpu',
    addedAt: 1,
    files: 0,
    chunks: 0,
    lastRun: null,
    ...changes,
  });
}

export function aRemoteIndex(changes: Partial<RemoteIndexView> = {}): RemoteIndexView {
  return remoteIndexViewSchema.parse({
    ...{ id: 'remote_1', name: 'NAS notes', url: 'http://127.0.0.1:9000', vault: 'all', nodeIds: [] },
    ...{ useGpu: true, addedAt: 1, run: null, lastRun: null, hasKey: false },
    ...changes,
  });
}

export function aMove(changes: Partial<MoveRecord> = {}): MoveRecord {
  return moveRecordSchema.parse({
    id: 1,
    at: Date.UTC(2026, 10, 21, 9),
    nodeId: 'node_1',
    nodeName: 'tower',
    model: 'llama3.1:8b',
    by: 'person',
    from: 'cpu',
    to: 'gpu',
    wanted: 'gpu',
    outcome: 'moved',
    reason: plainText('It fits.'),
    code: null,
    durationMs: 12,
    evicted: [],
    ...changes,
  });
}

export const aGpu = (changes: Partial<GpuReading> = {}): GpuReading => ({
  id: 'gpu-0',
  vendor: 'nvidia',
  name: 'GPU "0"\\',
  vramTotalBytes: 24e9,
  vramUsedBytes: 5e9,
  utilisationPercent: 50,
  temperatureCelsius: 60,
  powerWatts: 200,
  ...changes,
});

export function aNode(changes: Partial<NodeView> = {}): NodeView {
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
    addedAt: 1,
    state: 'gpu-verified',
    since: 1,
    trouble: null,
    server: {
      product: 'Ollama',
      version: '0.33.0',
      capabilities: [...serverCapabilitySchema.options],
    },
    canWake: false,
    lastWakeError: null,
    boot: { usualMs: null, count: 0 },
    hasGpu: true,
    vram: { totalBytes: 24e9, source: 'tools' },
    gpus: [aGpu()],
    loaded: [
      {
        name: 'llama3.1:8b',
        digest: 'abc',
        sizeBytes: 5e9,
        vramBytes: 5e9,
        expiresAt: null,
        contextLength: 4096,
        placement: 'gpu',
        gpuShare: 1,
        priority: true,
        pinned: false,
        flagged: false,
      },
    ],
    installed: [],
    lastSeenAt: 1,
    uses: [],
    ...changes,
  });
}

export function aRequest(changes: Partial<RequestView> = {}): RequestView {
  return {
    id: 'first-1',
    at: 1000,
    state: 'completed',
    dialect: 'ollama',
    path: '/api/chat',
    model: 'llama3.2',
    fallback: null,
    nodeId: 'node_1',
    why: { code: 'ROUTE_LOADED', params: { node: 'gpu-tower' } },
    program: 'open-webui',
    credentialId: null,
    credential: null,
    priority: 'interactive',
    position: null,
    expectedMs: null,
    heldMs: 0,
    loadMs: null,
    firstByteMs: 120,
    durationMs: 900,
    inputTokens: 12,
    outputTokens: 78,
    tokensPerSecond: 100,
    retries: 0,
    status: 200,
    problem: null,
    contextLength: null,
    steps: [
      { afterMs: 0, kind: 'arrived', nodeId: null, code: null },
      { afterMs: 2, kind: 'sent', nodeId: 'node_1', code: null },
      { afterMs: 120, kind: 'first-byte', nodeId: 'node_1', code: null },
      { afterMs: 900, kind: 'ended', nodeId: null, code: null },
    ],
    hasPrompt: false,
    ...changes,
  };
}
