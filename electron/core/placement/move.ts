/** The types of a move: the request, what it needs, and its result. */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { LoadedModel, MoveRecord, Placement, VramShortage } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { GpuVerdict } from '../fleet/gpu-state.ts';
import { placementOf } from '../fleet/model-placement.ts';
import type { InferenceServer, LoadOptions } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';
import type { Room } from './room.ts';

export interface MoveRequest {
  node: NodeView;
  server: InferenceServer;
  /** The exact name on the server. */
  model: string;
  target: 'gpu' | 'cpu';
  by: MoveRecord['by'];
  /** Load as much as fits onto the GPU, even if it is known not to fit entirely. */
  anyway: boolean;
}

/** Pilotlight's own requests in flight, by node and model. */
export interface RequestsInFlight {
  count(nodeId: string, model: string): number;
  /** Those among them that the gateway can hold back. Left out: none of them. */
  fromGateway?(nodeId: string, model: string): number;
  /** Since when there has been one without a pause, monotonic; null if there is none. */
  busySince(nodeId: string, model: string): number | null;
  /** Resolves with true once none of the models has a request left, or with false after `deadlineMs`. */
  drain(nodeId: string, models: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<boolean>;
}

/** How long requests may take to finish before a move is called off, so that those that are held back go on. */
export const DRAIN_MS = 30_000;

/** Keeps new requests for these models away from a node until disposed. Resolves when those before are in flight. */
export type HoldBack = (nodeId: string, models: readonly string[]) => Promise<Disposable>;

/** What another panel uses on the node. */
export interface OtherUse {
  holder: string;
  models: readonly string[];
  seenSeconds: number;
}

export interface MoveDependencies {
  clock: Clock;
  /** What other panels use on the node now or lately; null if that is not known. */
  usedByOthers: () => readonly OtherUse[] | null;
  /** Canonical names of the models pinned on the node. */
  pinned: ReadonlySet<string>;
  /** Models that the optimizer must not unload, in addition to the pinned ones. */
  isPriority: (model: string) => boolean;
  inFlight: (model: string) => number;
  /** New requests for these models are kept away from now on, until the move has ended. */
  holdBack: (models: readonly string[]) => Promise<void>;
  drain: (models: readonly string[], signal: AbortSignal) => Promise<boolean>;
  /** New readings of the machine's own tools; null if it has none. */
  readGpus: (signal: AbortSignal) => Promise<GpuReading[] | null>;
  /** An explicit number of layers ran out of memory here before. */
  explicitFailed: boolean;
  /** Bytes that the model took when it was last loaded here; null if unknown. */
  lastSizeBytes: number | null;
  /** Runs one load and watches how long it takes. */
  watchLoad: (model: string, load: () => Promise<void>) => Promise<void>;
  /** Why the node takes no more loads; null if it does. */
  blocked: () => Message | null;
  /** False once the node is known to be off or unreachable: nothing can be restored there. */
  serving: () => boolean;
  markGpu: (verdict: GpuVerdict) => void;
  /** Outlives the caller's signal, because a cancelled move is still undone. */
  restoreSignal: AbortSignal;
}

export interface MoveResult {
  outcome: MoveRecord['outcome'];
  reason: Message;
  code: ErrorCode | null;
  from: Placement | null;
  to: Placement | null;
  /** Models that were unloaded for it and still are. */
  evicted: string[];
  shortage?: VramShortage;
  restored?: string[];
  missing?: string[];
  /** What was thrown; null if nothing was. */
  error: unknown;
}

/** The state of a server right before a move. */
export interface Snapshot {
  loaded: LoadedModel[];
  /** The model that is moved; null if it is not loaded. */
  current: LoadedModel | null;
  /** Bytes of VRAM in use; null if it is not measured. */
  usedBytes: number | null;
  gpus: GpuReading[] | null;
}

export interface MovePlan {
  /** Unload the model and wait until it is unloaded, then let the server choose the layers. */
  unloadFirst: boolean;
  options: LoadOptions;
  /** The room that was found on the GPU; left out for a move to the CPU. */
  room?: Room;
  /** Its Modelfile keeps loads on the CPU that do not ask for layers. */
  cpuByModelfile?: boolean;
}

export const placementOrNull = (model: LoadedModel | null): Placement | null =>
  model ? placementOf(model) : null;

/**
 * The time for which a loaded model stays loaded, in seconds; -1 keeps it loaded indefinitely. At least a minute, so
 * that the result of the move can be seen.
 */
export function keepAliveSeconds(model: LoadedModel, now: number): number {
  return model.expiresAt === null ? -1 : Math.max(60, Math.ceil((model.expiresAt - now) / 1000));
}
