/**
 * The world as core sees it. Core decides; everything that touches a socket, a file, a process or a
 * database stands behind one of these interfaces. Adapters make them real, test/fakes make them small.
 */
import type { ActivityEntry, ActivityQuery, NewActivityEntry } from '../../shared/models/activity.ts';
import type { NodeRecord } from '../../shared/models/fleet.ts';
import type { Chunk, IndexJob, SourceRecord } from '../../shared/models/indexing.ts';
import type {
  DescribedModel,
  InstalledModel,
  LoadedModel,
  MoveRecord,
} from '../../shared/models/placement.ts';
import type { SecretsProtection } from '../../shared/models/secrets.ts';
import type { SavedSettings } from '../../shared/models/settings.ts';
import type { GpuReading, HostReading } from '../../shared/models/telemetry.ts';
import type { ConnectAgent, Exec, HelloListener, PowerStore, Surroundings } from './ports-power.ts';
import type { BucketLength, BucketRow } from './telemetry/rollup.ts';

export type * from './ports-power.ts';

// ---------------------------------------------------------------- time

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. */
  now(): number;
  /** Time that never jumps, milliseconds from an arbitrary start. Measure durations with it. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. Keeps the process alive. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`. A pending timer never keeps the process alive. */
  timer(ms: number, fn: () => void): Timer;
}

/** Randomness, so that jitter and ids are repeatable in tests. Returns a number in [0, 1). */
export type Random = () => number;

export interface Ids {
  /** A short unique id with a readable prefix, for example `job_3f9a…`. */
  next(prefix: string): string;
}

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

// ---------------------------------------------------------------- network

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON when it is an object, as it is when it is a string. */
  body?: object | string;
  /** Whole-exchange limit in milliseconds; `null` for none (a load can take minutes). */
  deadlineMs: number | null;
  /** The response is cut off with RESPONSE_TOO_LARGE past this size. Default 16 MiB. */
  maxBytes?: number;
  /** A connection of its own, closed afterwards: what it finds out is true of the host now. Default false. */
  fresh?: boolean;
  signal?: AbortSignal;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/**
 * A small HTTP client. Rejects with a PilotlightError: HOST_UNREACHABLE (refused, no route, name not
 * found, reset), HOST_TIMEOUT, RESPONSE_TOO_LARGE, or the signal's reason when aborted.
 */
export interface Http {
  request(request: HttpRequest): Promise<HttpReply>;
}

export interface NetworkInterface {
  name: string;
  address: string;
  netmask: string;
  internal: boolean;
}

export interface Udp {
  /** Sends one datagram; allows broadcast. Rejects when the system refuses it. */
  send(payload: Uint8Array, port: number, address: string): Promise<void>;
  /** IPv4 interfaces of this computer; injected in tests. */
  interfaces(): NetworkInterface[];
  /** The wake packet for a checked MAC address, with a SecureOn password where there is one. */
  magicPacket(mac: string, secureOn: string | null): Uint8Array;
}

// ---------------------------------------------------------------- machines

/** Readings of this computer's own tools (nvidia-smi, amdgpu sysfs, …). */
export interface LocalHardware {
  /** Empty only where there are none. Rejects with a sentence where there may be one that could not be read. */
  readGpus(signal: AbortSignal): Promise<GpuReading[]>;
  readHost(): HostReading;
}

/** What a server can do; core asks for these, never for a product's name. */
export type InferenceCapability = 'lists-models' | 'says-placement' | 'moves' | 'embeds' | 'streams';

export interface LoadOptions {
  /**
   * `auto` leaves num_gpu out; `cpu` asks for 0 layers; a number asks for exactly that many layers, which
   * has no fallback when they do not fit.
   */
  layers: 'auto' | 'cpu' | number;
  /** Nanosecond-free: seconds, negative for ever, `null` to leave the server's own rule alone. */
  keepAliveSeconds: number | null;
  /** Sent only when given: a differing context reloads the model. */
  contextLength?: number;
}

/**
 * One inference server. Every call rejects with a PilotlightError: HOST_UNREACHABLE, HOST_TIMEOUT,
 * NOT_AN_INFERENCE_SERVER (HTML, half a JSON), SERVER_ERROR (its own words in `details.server`),
 * MODEL_NOT_FOUND, OUT_OF_MEMORY, SERVER_BUSY.
 */
export interface InferenceServer {
  readonly kind: 'ollama';
  readonly url: string;
  readonly capabilities: ReadonlySet<InferenceCapability>;
  version(signal: AbortSignal): Promise<string>;
  installed(signal: AbortSignal): Promise<InstalledModel[]>;
  loaded(signal: AbortSignal): Promise<LoadedModel[]>;
  describe(model: string, signal: AbortSignal): Promise<DescribedModel>;
  /** Loads without generating anything. Resolves when the server says it is loaded. No total deadline. */
  load(model: string, options: LoadOptions, signal: AbortSignal): Promise<void>;
  /** Asks to unload; the server does it later, so poll `loaded` until it is gone. */
  unload(model: string, signal: AbortSignal): Promise<void>;
  /** One vector per text, in order. */
  embed(model: string, texts: readonly string[], signal: AbortSignal): Promise<Float32Array[]>;
}

export type ConnectInferenceServer = (url: string) => InferenceServer;

// ---------------------------------------------------------------- this computer's files and processes

/** What core may ask about folders the person names. */
export interface Folders {
  /** The canonical absolute path; rejects with FOLDER_NOT_FOUND, NOT_A_FOLDER or FOLDER_UNREADABLE. */
  resolve(path: string): Promise<string>;
}

// ---------------------------------------------------------------- state

/**
 * Passwords, tokens, and addresses that carry one, by name (shared/models/secrets.ts, secretSettings). Apart from
 * the store, so that no export, log or copy of the database holds one. A value goes only to the one who uses it.
 */
export interface Secrets {
  readonly protection: SecretsProtection;
  /** null where none is set, or where it cannot be opened any more. */
  get(name: string): string | null;
  /** Sets each value, or removes it with null; durable when it returns. Throws DISK_FULL, and changes nothing then. */
  change(changes: Readonly<Record<string, string | null>>): void;
}

/**
 * What must survive a restart, one part per domain. Synchronous: rows are few and small. Every call is
 * durable when it returns; a full disk rejects with DISK_FULL and changes nothing.
 */
export interface Store {
  readonly settings: {
    read(): unknown;
    write(settings: SavedSettings): void;
  };
  readonly nodes: {
    list(): NodeRecord[];
    put(node: NodeRecord): void;
    remove(id: string): void;
  };
  readonly bootTimes: {
    /** Remembers how long one boot took, in milliseconds. */
    add(nodeId: string, at: number, durationMs: number): void;
    /** Newest first. */
    recent(nodeId: string, limit: number): number[];
  };
  readonly pins: {
    list(): { nodeId: string; model: string }[];
    set(nodeId: string, model: string, pinned: boolean): void;
  };
  readonly moves: {
    append(move: Omit<MoveRecord, 'id'>): MoveRecord;
    /** Newest first. */
    list(limit: number): MoveRecord[];
  };
  readonly activity: {
    append(entry: NewActivityEntry & { at: number }): ActivityEntry;
    /** Newest first. */
    list(query: ActivityQuery): ActivityEntry[];
  };
  readonly sources: {
    list(): SourceRecord[];
    put(source: SourceRecord): void;
    remove(id: string): void;
  };
  readonly jobs: {
    put(job: IndexJob): void;
    get(id: string): IndexJob | null;
    /** Newest first. */
    list(limit: number): IndexJob[];
    /** Jobs that were pending or running when the process ended. */
    unfinished(): IndexJob[];
  };
  readonly power: PowerStore;
  /** Telemetry and work in buckets of wall time. Starts and ends are milliseconds, ends included. */
  readonly history: {
    /** What is kept of every node for one bucket. */
    at(seconds: BucketLength, start: number): BucketRow[];
    /**
     * In one transaction: puts rows in the place of those with the same node, length and start, and drops what
     * begins before `prune.before`, oldest first, a bounded number at a time.
     */
    write(change: {
      rows: readonly BucketRow[];
      prune: readonly { seconds: BucketLength; before: number }[];
    }): void;
    /** One node, oldest first. */
    read(nodeId: string, seconds: BucketLength, from: number, last: number): BucketRow[];
    /** Vectors by node where there were any, oldest first. */
    work(
      seconds: BucketLength,
      from: number,
      last: number,
    ): { nodeId: string; start: number; vectors: number }[];
    /** Forgets a node: from now on nothing of it is found. */
    remove(nodeId: string): void;
  };
  /** Keeps all that `work` writes, or nothing of it when it throws. Not to be nested. */
  transaction<Result>(work: () => Result): Result;
  close(): void;
}

// ---------------------------------------------------------------- the index

/** One file that a scan found to be new or changed. `path` is relative to the source, with `/`. */
export interface ScannedFile {
  path: string;
  sizeBytes: number;
  modifiedMs: number;
}

export interface ScanResult {
  /** Every file in the source that is or should be in the index. */
  total: number;
  unchanged: number;
  removed: number;
  pending: ScannedFile[];
  /** Files that can never be indexed as they are (binary, too large, unreadable, loops), with the reason. */
  skipped: { path: string; code: string; reason: string }[];
}

/** A file read, recognised and cut, ready to be embedded. `token` names it in `commit`. */
export interface PreparedFile {
  token: string;
  path: string;
  language: string;
  chunks: Chunk[];
}

export interface StoredIndexMeta {
  embedderId: string;
  dimensions: number | null;
  files: number;
  chunks: number;
  /** It was damaged, and some files are not in it until they are indexed again. Left out for false. */
  incomplete?: boolean;
}

export interface VectorHit {
  path: string;
  chunk: Chunk;
  /** 1-based ranks inside each list; `null` where the list does not hold it. */
  wordRank: number | null;
  vectorRank: number | null;
  wordScore: number | null;
  /** Cosine similarity. */
  vectorScore: number | null;
  score: number;
}

/**
 * The index of one source: chunks, vectors, keywords and file state in one file, owned by a worker
 * process. One transaction a file: after a crash a file is either wholly there or wholly absent.
 * Rejects with coded errors: FILE_CHANGED, FILE_TOO_LARGE, FILE_BINARY, FILE_UNREADABLE, FILE_EMPTY,
 * FILE_ENCODING, DISK_FULL, INDEX_CORRUPT, INDEX_NEWER, DIMENSION_MISMATCH, WORKER_LOST.
 */
export interface SourceIndex {
  meta(): Promise<StoredIndexMeta>;
  /** Walks the folder and compares it with the file state; drops what was deleted, in one transaction. */
  scan(
    options: { full: boolean },
    signal: AbortSignal,
    onProgress?: (seen: number) => void,
  ): Promise<ScanResult>;
  prepare(path: string, signal: AbortSignal): Promise<PreparedFile>;
  /** Stores a prepared file with one vector per chunk, replacing what was there. */
  commit(token: string, vectors: Float32Array[]): Promise<{ chunks: number }>;
  /** Forgets a prepared file that will not be committed. */
  discard(token: string): Promise<void>;
  /** Prepares, embeds with the built-in embedder and commits, without a round trip per file. */
  indexBuiltin(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<{ path: string; chunks: number; error: { code: string; reason: string } | null }[]>;
  search(
    query: { text: string; vector: Float32Array | null; limit: number },
    signal: AbortSignal,
  ): Promise<VectorHit[]>;
  /** Empties the index and binds it to an embedder. */
  reset(embedder: { id: string; dimensions: number | null }): Promise<void>;
  close(): Promise<void>;
}

/** `openIndex` starts the worker when it is needed and restarts it after a crash. */
export interface VectorStore {
  openIndex(source: { id: string; path: string; embedderId: string }): Promise<SourceIndex>;
  /** Deletes the file of a source. */
  removeIndex(sourceId: string): Promise<void>;
  /** The built-in embedder, for queries. One 384-dimensional vector per text. */
  embedBuiltin(texts: readonly string[]): Promise<Float32Array[]>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- the simulated fleet

export interface SimulatedMachine {
  id: string;
  name: string;
  url: string;
  mac: string;
  wakeDestinations: string[];
  /** Its own agent; null where it runs none. */
  agent: { url: string; token: string } | null;
  /** 0 for a machine without a GPU. */
  vramBytes: number;
}

export interface SimulatedFleet {
  machines: readonly SimulatedMachine[];
  telemetry(machineId: string): { gpus: GpuReading[]; host: HostReading } | null;
  /** Puts a machine to sleep as its own power button would. */
  sleep(machineId: string): Promise<void>;
  setFault(machineId: string, fault: string, on: boolean): void;
  faults(machineId: string): { name: string; on: boolean; description: string }[];
  stop(): Promise<void>;
}

/** Starts the simulated machines on loopback; `null` where this build carries none. */
export type StartSimulatedFleet = () => Promise<SimulatedFleet>;

// ---------------------------------------------------------------- all of them

export interface Ports {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  http: Http;
  udp: Udp;
  hardware: LocalHardware;
  folders: Folders;
  store: Store;
  secrets: Secrets;
  vectors: VectorStore;
  connectInferenceServer: ConnectInferenceServer;
  connectAgent: ConnectAgent;
  helloListener: HelloListener;
  exec: Exec;
  surroundings: Surroundings;
  startSimulatedFleet: StartSimulatedFleet;
}
