/** The words of a move: what is asked for, what it needs, how it ends. */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { LoadedModel, MoveRecord, Placement, VramShortage } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { placementOf } from '../fleet/model-placement.ts';
import type { InferenceServer, LoadOptions } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';

export interface MoveRequest {
  node: NodeView;
  server: InferenceServer;
  /** Exact name as the server knows it. */
  model: string;
  target: 'gpu' | 'cpu';
  by: MoveRecord['by'];
  /** The person knows that it does not fit, and wants as much of it on the GPU as there is room for. */
  anyway: boolean;
}

/** Pilotlight's own requests under way, by node and model. */
export interface RequestsInFlight {
  count(nodeId: string, model: string): number;
  /** Resolves true when none of the models has a request left, false when `deadlineMs` passed first. */
  drain(nodeId: string, models: readonly string[], deadlineMs: number, signal: AbortSignal): Promise<boolean>;
}

export interface MoveDependencies {
  clock: Clock;
  /** Canonical names pinned on the node. */
  pinned: ReadonlySet<string>;
  /** Models that the optimizer must not push out, beside the pinned ones. */
  isPriority: (model: string) => boolean;
  inFlight: (model: string) => number;
  drain: (models: readonly string[], signal: AbortSignal) => Promise<boolean>;
  /** Fresh readings of the machine's own tools; null where there are none. */
  readGpus: (signal: AbortSignal) => Promise<GpuReading[] | null>;
  /** An explicit number of layers ran out of memory here before. */
  explicitFailed: boolean;
  /** The size that was seen when the model was last loaded here, bytes. */
  lastSizeBytes: number | null;
  /** Runs one load and watches its age. */
  watchLoad: (model: string, load: () => Promise<void>) => Promise<void>;
  blocked: () => string | null;
  /** False once the node is known to be off or gone: nothing can be put back there. */
  serving: () => boolean;
  markGpu: (verdict: 'verified' | 'not-checked') => void;
  /** Outlives the caller: what was there is put back even when the caller has gone. */
  restoreSignal: AbortSignal;
}

export interface MoveEnd {
  outcome: MoveRecord['outcome'];
  reason: string;
  code: ErrorCode | null;
  from: Placement | null;
  to: Placement | null;
  /** Models that were pushed out and are still out. */
  evicted: string[];
  shortage?: VramShortage;
  restored?: string[];
  missing?: string[];
  /** What went wrong, where something was thrown. */
  error: unknown;
}

export interface Before {
  loaded: LoadedModel[];
  current: LoadedModel | null;
  usedBytes: number | null;
  gpus: GpuReading[] | null;
}

/** Everything that one load of the move sends. */
export interface MovePlan {
  /** Unload and wait first, then let the server choose. */
  unloadFirst: boolean;
  options: LoadOptions;
}

export const placementOrNull = (model: LoadedModel | null): Placement | null =>
  model ? placementOf(model) : null;

/** The time that is left to a loaded model, in seconds; -1 for ever; at least a minute, so that it is seen. */
export function keepAliveSeconds(model: LoadedModel, now: number): number {
  return model.expiresAt === null ? -1 : Math.max(60, Math.ceil((model.expiresAt - now) / 1000));
}
