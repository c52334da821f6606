/** Small parts for tests of indexing: a fleet, servers and an index that live in memory. */

import { createInFlight } from '../../electron/core/acquire/in-flight.ts';
import type {
  AcquireFleet,
  AcquireLeases,
  AcquirePlacement,
  AcquireWakes,
} from '../../electron/core/acquire/model.ts';
import { createAcquireService } from '../../electron/core/acquire/service.ts';
import type { IndexingDependencies } from '../../electron/core/indexing/model.ts';
import type { InferenceServer } from '../../electron/core/ports/inference.ts';
import type { Log } from '../../electron/core/ports/log.ts';
import type { Http, HttpRequest } from '../../electron/core/ports/network.ts';
import type {
  ScannedFile,
  SourceIndex,
  StoredIndexMeta,
  VectorHit,
  VectorStore,
} from '../../electron/core/ports/vectors.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import { type NodeView, serverCapabilitySchema } from '../../shared/models/fleet.ts';
import type { IndexJob, SourceRecord } from '../../shared/models/indexing.ts';
import { fact, type Message } from '../../shared/models/message.ts';
import type { LeaseRecord } from '../../shared/models/power.ts';
import { defaultSettings } from '../../shared/models/settings.ts';
import { textOf } from '../../shared/text/index.ts';
import { createFakeClock, type FakeClock } from './clock.ts';
import { noStreams } from './http.ts';
import { createMemorySecrets } from './secrets.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export const digest = 'd'.repeat(64);
export const modelName = 'mxbai-embed-large:latest';

export function embeddingModel(own: Partial<NodeView['installed'][number]> = {}) {
  return {
    name: modelName,
    digest,
    sizeBytes: 670e6,
    family: 'bert',
    parameterSize: '334M',
    quantization: 'F16',
    capabilities: ['embedding'],
    embeddingLength: 4,
    ...own,
  };
}

export function nodeView(own: Partial<NodeView> & { id: string }): NodeView {
  return {
    name: own.id,
    kind: 'remote',
    url: `http://${own.id}:11434`,
    mac: null,
    wakeDestinations: [],
    wakeWays: [{ kind: 'direct' }],
    agentUrl: null,
    shutdownUrl: null,
    hasSecureOn: false,
    hasAgentToken: false,
    hasRelayToken: false,
    hasShutdownSecret: false,
    addedAt: 0,
    state: 'serving',
    since: 0,
    trouble: null,
    gpuLost: null,
    wedged: null,
    server: {
      product: 'Ollama',
      version: '0.33.0',
      capabilities: [...serverCapabilitySchema.options],
    },
    canWake: false,
    lastWakeError: null,
    boot: { usualMs: null, count: 0 },
    hasGpu: null,
    vram: { totalBytes: null, source: 'unknown' },
    gpus: [],
    loaded: [],
    installed: [embeddingModel()],
    lastSeenAt: null,
    uses: [],
    ...own,
  };
}

export type Embed = (texts: readonly string[], signal: AbortSignal) => Promise<Float32Array[]>;

/** A vector that says which text it was made from. */
export function vectorOf(text: string): Float32Array {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) % 65_521;
  return Float32Array.from([hash, text.length, 1, 1]);
}

export interface FakeFleet extends AcquireFleet {
  use(id: string, reason: Message): Disposable;
  set(node: NodeView): void;
  remove(nodeId: string): void;
  patch(nodeId: string, change: Partial<NodeView>): void;
  /** Its server was restarted while it stayed up. */
  restart(nodeId: string): void;
  /** How many callers wait for a change of a node. */
  waitedFor: Map<string, number>;
  servers: Map<string, Embed>;
  /** Texts that each node embedded, in order. */
  embedded: Map<string, string[]>;
  reasons: Map<string, Message[]>;
}

export function createFakeFleet(nodes: NodeView[]): FakeFleet {
  const views = new Map(nodes.map((node) => [node.id, node]));
  const listeners = new Set<(node: NodeView | null, previous: NodeView | null) => void>();
  const restartListeners = new Set<(nodeId: string) => void>();
  const fleet: FakeFleet = {
    waitedFor: new Map(),
    servers: new Map(),
    embedded: new Map(),
    reasons: new Map(),
    list: () => [...views.values()],
    get: (id) => views.get(id) ?? null,
    server(id) {
      const view = views.get(id);
      if (!view?.url) return null;
      return {
        product: 'Ollama',
        url: view.url,
        capabilities: new Set(['lists-models', 'says-placement', 'moves', 'embeds']),
        describe: async () => ({
          capabilities: ['embedding'],
          blockCount: 24,
          embeddingLength: 4,
          contextLength: 512,
          headCount: 16,
          headCountKv: 16,
        }),
        embed: async (_model, texts, signal) => {
          const embed = fleet.servers.get(id) ?? (async (some) => some.map(vectorOf));
          const vectors = await embed(texts, signal);
          fleet.embedded.set(id, [...(fleet.embedded.get(id) ?? []), ...texts]);
          return { vectors, serverMs: null };
        },
      } as Partial<InferenceServer> as InferenceServer;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onRestart(listener) {
      restartListeners.add(listener);
      return () => restartListeners.delete(listener);
    },
    restart(id) {
      for (const listener of restartListeners) listener(id);
    },
    probeSoon() {},
    probeOften(id) {
      const count = (by: number) => fleet.waitedFor.set(id, (fleet.waitedFor.get(id) ?? 0) + by);
      count(1);
      return { [Symbol.dispose]: () => void count(-1) };
    },
    use(id, reason) {
      const reasons = [...(fleet.reasons.get(id) ?? []), reason];
      fleet.reasons.set(id, reasons);
      return {
        [Symbol.dispose]() {
          const left = [...(fleet.reasons.get(id) ?? [])];
          left.splice(left.indexOf(reason), 1);
          fleet.reasons.set(id, left);
        },
      };
    },
    remove(nodeId) {
      const previous = views.get(nodeId) ?? null;
      views.delete(nodeId);
      for (const listener of listeners) listener(null, previous);
    },
    set(node) {
      const previous = views.get(node.id) ?? null;
      views.set(node.id, node);
      for (const listener of listeners) listener(node, previous);
    },
    patch(id, change) {
      const view = views.get(id);
      if (!view) throw new Error(`There is no node ${id}.`);
      fleet.set({ ...view, ...change });
    },
  };
  return fleet;
}

/** Leases that only say at the node why it is needed. */
export function createFakeLeases(use: (nodeId: string, reason: Message) => Disposable): AcquireLeases {
  const living = new Map<string, LeaseRecord>();
  let last = 0;
  return {
    hold({ nodeId, kind, purpose }) {
      const id = `lease_${++last}`;
      const lease = {
        id,
        nodeId,
        kind,
        purpose: textOf(purpose),
        holder: 'test',
        createdAt: 0,
        until: null,
        endedAt: null,
      };
      const used = use(nodeId, purpose);
      living.set(id, lease);
      return {
        lease,
        [Symbol.dispose]() {
          if (living.delete(id)) used[Symbol.dispose]();
        },
      };
    },
    get: (id) => living.get(id) ?? null,
  };
}

export interface FakeIndex {
  store: VectorStore;
  /** Path → its texts on disk; change it between runs. */
  files: Map<string, string[]>;
  /** Path → the vectors that were committed. */
  committed: Map<string, { texts: string[]; vectors: Float32Array[] }>;
  commits: string[];
  prepared: Map<string, string>;
  resets: number;
  finishedRuns: number;
  /** What the index says about itself, apart from its size. */
  meta: StoredIndexMeta;
  search: (query: Parameters<SourceIndex['search']>[0]) => Promise<VectorHit[]>;
  checkEngine: () => Promise<void>;
  moveVectors: SourceIndex['moveVectors'];
  /** Called before each step; throws to make it fail. */
  before: (step: 'scan' | 'prepare' | 'commit' | 'builtin', path: string) => void;
}

export function createFakeIndex(files: Record<string, string[]>): FakeIndex {
  const meta: StoredIndexMeta = { embedderId: '', dimensions: null, files: 0, chunks: 0 };
  const fake: FakeIndex = {
    files: new Map(Object.entries(files)),
    committed: new Map(),
    commits: [],
    prepared: new Map(),
    resets: 0,
    finishedRuns: 0,
    meta,
    search: async () => [],
    checkEngine: async () => {},
    moveVectors: async () => {},
    before: () => {},
    store: {
      openIndex: async ({ embedderId }) => {
        meta.embedderId ||= embedderId;
        return index;
      },
      removeIndex: async () => fake.committed.clear(),
      checkEngine: () => fake.checkEngine(),
      estimate: async () => ({ files: 10, bytes: 10_000, passages: 600, isComplete: true }),
      embedBuiltin: async (texts) => texts.map(vectorOf),
      close: async () => {},
    },
  };
  let lastToken = 0;

  function store(path: string, texts: string[], vectors: Float32Array[]): void {
    fake.committed.set(path, { texts, vectors });
    fake.commits.push(path);
  }

  const index: SourceIndex = {
    meta: async () => ({
      ...meta,
      files: fake.committed.size,
      chunks: [...fake.committed.values()].reduce((sum, file) => sum + file.texts.length, 0),
    }),
    async scan({ full }, signal) {
      signal.throwIfAborted();
      fake.before('scan', '');
      const removed = [...fake.committed.keys()].filter((path) => !fake.files.has(path));
      for (const path of removed) fake.committed.delete(path);
      const pending: ScannedFile[] = [];
      for (const [path, texts] of fake.files) {
        if (!full && fake.committed.get(path)?.texts === texts) continue;
        pending.push({ path, sizeBytes: texts.join('').length, modifiedMs: 0 });
      }
      // As the real one does: a full run that is interrupted finds its rest as pending.
      if (full) fake.committed.clear();
      return {
        total: fake.files.size,
        unchanged: fake.files.size - pending.length,
        removed: removed.length,
        pending,
        skipped: [],
      };
    },
    async prepare(path) {
      fake.before('prepare', path);
      const texts = fake.files.get(path) ?? [];
      lastToken += 1;
      const token = String(lastToken);
      fake.prepared.set(token, path);
      const chunks = texts.map((text, ordinal) => ({ ordinal, text, startByte: 0, endByte: 1, heading: '' }));
      return { token, path, language: 'text', chunks, readMs: 0, cutMs: 0 };
    },
    async commit(token, vectors) {
      const path = fake.prepared.get(token);
      if (path === undefined) throw new PilotlightError('WORKER_LOST');
      fake.before('commit', path);
      const texts = fake.files.get(path) ?? [];
      if (vectors.length !== texts.length) throw new PilotlightError('DIMENSION_MISMATCH');
      fake.prepared.delete(token);
      store(path, texts, vectors);
      return { chunks: texts.length, storeMs: 0 };
    },
    async discard(token) {
      fake.prepared.delete(token);
    },
    async indexBuiltin(paths, signal) {
      signal.throwIfAborted();
      return paths.map((path) => {
        fake.before('builtin', path);
        const texts = fake.files.get(path) ?? [];
        store(path, texts, texts.map(vectorOf));
        return { path, chunks: texts.length, error: null, readMs: 0, cutMs: 0, storeMs: 0 };
      });
    },
    search: (query) => fake.search(query),
    moveVectors: (...args) => fake.moveVectors(...args),
    async finishRun() {
      fake.finishedRuns += 1;
    },
    async document({ path }) {
      const texts = fake.files.get(path);
      if (texts === undefined) throw new PilotlightError('NOT_FOUND');
      return {
        ...{ format: 'text', language: 'text', text: texts.join('\n') },
        ...{ firstLine: 1, startByte: 0 },
        ...{ passage: { firstLine: 1, lastLine: 1 }, more: { before: false, after: false }, changed: false },
      };
    },
    async reset({ id, dimensions }) {
      fake.resets += 1;
      fake.committed.clear();
      meta.embedderId = id;
      meta.dimensions = dimensions;
    },
    close: async () => {},
  };
  return fake;
}

export interface FakeWorld {
  clock: FakeClock;
  fleet: FakeFleet;
  index: FakeIndex;
  dependencies: IndexingDependencies;
  jobs: Map<string, IndexJob>;
  sources: Map<string, SourceRecord>;
  told: NewActivityEntry[];
  requests: HttpRequest[];
  answer: (request: HttpRequest) => Promise<number>;
  vectors: Map<string, number>;
  /** How many passages waited, whenever that changed. */
  queued: number[];
  placements: { nodeId: string; model: string }[];
  inFlight: { now: number; most: number };
  power: AcquireWakes;
  placement: AcquirePlacement;
  batchSize: number;
}

/** Everything indexing needs, in memory, with time moved by hand. */
export function createFakeWorld(
  options: { nodes?: NodeView[]; files?: Record<string, string[]> } = {},
): FakeWorld {
  const clock = createFakeClock();
  const inFlight = createInFlight({ clock });
  const fleet = createFakeFleet(options.nodes ?? []);
  const index = createFakeIndex(options.files ?? {});
  const jobs = new Map<string, IndexJob>();
  const sources = new Map<string, SourceRecord>();
  let lastId = 0;
  const http: Http = {
    ...noStreams,
    async request(request) {
      world.requests.push(request);
      return { status: await world.answer(request), headers: {}, text: '' };
    },
  };
  const world: FakeWorld = {
    clock,
    fleet,
    index,
    jobs,
    sources,
    told: [],
    requests: [],
    answer: async () => 200,
    vectors: new Map(),
    queued: [],
    placements: [],
    inFlight: { now: 0, most: 0 },
    batchSize: 4,
    power: {
      ensureAwake: () => Promise.reject(new PilotlightError('CANNOT_WAKE')),
    },
    placement: {
      async ensureOnGpu({ nodeId, model }) {
        world.placements.push({ nodeId, model });
        return { placement: 'gpu', reason: fact('ALL_ON_GPU') };
      },
    },
    dependencies: {
      clock,
      random: () => 0.5,
      ids: { next: (prefix) => `${prefix}_${++lastId}` },
      log: silentLog,
      store: {
        sources: {
          list: () => [...sources.values()],
          put: (source) => void sources.set(source.id, source),
          remove: (id) => void sources.delete(id),
        },
        jobs: {
          put: (job) => void jobs.set(job.id, structuredClone(job)),
          get: (id) => jobs.get(id) ?? null,
          list: (limit) => [...jobs.values()].reverse().slice(0, limit),
          unfinished: () =>
            [...jobs.values()].filter((job) => job.status === 'running' || job.status === 'pending'),
        },
      },
      vectors: index.store,
      ingestedText: () => null,
      folders: {
        resolve: async (path) => path,
        list: async ({ path }) => ({
          ...{ path, parent: null, home: '/home/me', folders: [], total: 0, next: null, isCut: false },
        }),
      },
      http,
      fleet,
      acquire: createAcquireService({
        clock,
        log: silentLog,
        fleet,
        leases: createFakeLeases((nodeId, reason) => fleet.use(nodeId, reason)),
        wakes: { ensureAwake: (id, given) => world.power.ensureAwake(id, given) },
        placement: { ensureOnGpu: (request) => world.placement.ensureOnGpu(request) },
        inFlight: {
          onNode: inFlight.onNode,
          begin(nodeId, model) {
            const mark = inFlight.begin(nodeId, model);
            world.inFlight.now += 1;
            world.inFlight.most = Math.max(world.inFlight.most, world.inFlight.now);
            return {
              [Symbol.dispose]() {
                world.inFlight.now -= 1;
                mark[Symbol.dispose]();
              },
            };
          },
        },
      }),
      runners: {
        fleet: { ...createFakeFleet([]), status: () => null },
        acquire: { acquire: () => Promise.reject(new PilotlightError('NO_RUNNER')) },
        need() {},
      },
      telemetry: {
        recordQueue: (_kind, waiting) => void world.queued.push(waiting),
        recordVectors: (id, count) => world.vectors.set(id, (world.vectors.get(id) ?? 0) + count),
      },
      settings: {
        current: () => ({
          ...defaultSettings,
          index: { ...defaultSettings.index, batchSize: world.batchSize },
        }),
      },
      activity: { record: (entry) => void world.told.push(entry) },
      secrets: createMemorySecrets(),
      streams: createStreams({ clock, epoch: 'test' }),
    },
  };
  return world;
}

/** Moves time until the job has ended, at most `limitMs`. */
export async function untilEnded(world: FakeWorld, job: () => IndexJob, limitMs = 60_000): Promise<IndexJob> {
  for (let waited = 0; waited <= limitMs && job().endedAt === null; waited += 100)
    await world.clock.advance(100);
  return job();
}
