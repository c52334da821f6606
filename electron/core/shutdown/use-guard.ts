/**
 * Whether a machine without an agent is used by somebody who holds no lease. It sees use, not presence: a model that
 * merely stays loaded, with keep_alive -1 for ever, is none. Pure.
 */

import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';

/** From this utilisation on a GPU is busy; the same that agents take by default. */
const BUSY_PERCENT = 10;
/** A server reckons the end of a model's time anew with each request; less than this is the rounding of a clock. */
const ADVANCE_MS = 1000;

/** What the last look saw: when each loaded model would be unloaded, null for never. */
export type UseSeen = ReadonlyMap<string, number | null>;

export interface UseLook {
  seen: UseSeen;
  /** What was seen of use since the previous check. */
  use: Message[];
}

export interface UseFacts {
  node: Pick<NodeView, 'loaded'>;
  /** What its own tools read; empty for a node whose GPUs are not measured. */
  gpus: readonly GpuReading[];
  /** Why a GPU may be busier than is known; null or omitted for a node whose GPUs are not measured. */
  doubt?: Message | null;
  /** What the look before saw; null for the first one, which takes nothing that is loaded for use. */
  before: UseSeen | null;
  /** Our own requests to it that are not answered yet. */
  inFlight: number;
  now: number;
}

export function lookForUse({ node, gpus, doubt = null, before, inFlight, now }: UseFacts): UseLook {
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
  const unknown = doubt ?? unread;
  // A machine whose readings fail may be at work.
  if (unknown !== undefined) use.push(fact('GPU_LOAD_UNKNOWN', { reason: unknown }));
  return { seen, use };
}

function modelUse(
  { name, expiresAt }: NodeView['loaded'][number],
  before: UseSeen | null,
  now: number,
): Message | null {
  // Its time is over, and still it is not unloaded: a request holds it.
  if (expiresAt !== null && expiresAt < now - ADVANCE_MS) return fact('MODEL_ANSWERING', { model: name });
  if (before === null) return null;
  const last = before.get(name);
  if (last === undefined) return fact('MODEL_WAS_LOADED', { model: name });
  if (expiresAt !== null && (last === null || expiresAt - last > ADVANCE_MS))
    return fact('MODEL_WAS_USED', { model: name });
  return null;
}
