/**
 * Detects use of a machine without an agent by others that hold no lease. A model that merely stays loaded, for example
 * with keep_alive -1, does not count as use. Pure.
 */

import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';

/** A GPU counts as busy from this utilisation; also the default of agents. */
const BUSY_PERCENT = 10;
/** A server extends a model's expiry with each request; a smaller step is clock rounding. */
const ADVANCE_MS = 1000;

/** When each loaded model is due to be unloaded, as of the last check; null for never. */
export type UseSeen = ReadonlyMap<string, number | null>;

export interface DetectedUse {
  seen: UseSeen;
  /** Signs of use since the previous check. */
  use: Message[];
}

export interface UseFacts {
  node: Pick<NodeView, 'loaded'>;
  /** Readings of its GPU tools; empty for a node whose GPUs are not measured. */
  gpus: readonly GpuReading[];
  /** Why a GPU may be busier than reported; null or omitted for a node whose GPUs are not measured. */
  unknownLoad?: Message | null;
  /** Result of the previous check; null for the first, where a loaded model is no sign of use. */
  before: UseSeen | null;
  /** How many of this core's requests to it are unanswered. */
  inFlight: number;
  now: number;
}

export function detectUse({ node, gpus, unknownLoad = null, before, inFlight, now }: UseFacts): DetectedUse {
  const seen = new Map(node.loaded.map((model) => [model.name, model.expiresAt]));
  const use: Message[] = [];
  if (inFlight > 0) use.push(fact('REQUESTS_IN_FLIGHT', { count: inFlight }));
  for (const model of node.loaded) {
    const seenOfIt = modelUse(model, before, now);
    if (seenOfIt !== null) use.push(seenOfIt);
  }
  const busiest = Math.max(0, ...gpus.map((gpu) => gpu.utilisationPercent ?? 0));
  if (busiest >= BUSY_PERCENT) use.push(fact('GPU_BUSY', { percent: busiest }));
  const silent = gpus.filter(({ utilisationPercent }) => utilisationPercent === null);
  const [unread] = silent.map(({ name }) => fact('GPU_LOAD_NOT_REPORTED', { gpu: name }));
  const unknown = unknownLoad ?? unread;
  // A machine whose readings fail may be busy.
  if (unknown !== undefined) use.push(fact('GPU_LOAD_UNKNOWN', { reason: unknown }));
  return { seen, use };
}

function modelUse(
  { name, expiresAt }: NodeView['loaded'][number],
  before: UseSeen | null,
  now: number,
): Message | null {
  // It has expired and is still loaded, so a request is using it.
  if (expiresAt !== null && expiresAt < now - ADVANCE_MS) return fact('MODEL_ANSWERING', { model: name });
  if (before === null) return null;
  const last = before.get(name);
  if (last === undefined) return fact('MODEL_WAS_LOADED', { model: name });
  if (expiresAt !== null && (last === null || expiresAt - last > ADVANCE_MS))
    return fact('MODEL_WAS_USED', { model: name });
  return null;
}
