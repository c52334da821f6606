/**
 * Whether a machine without an agent is used by somebody who holds no lease. It sees use, not presence: a model that
 * merely stays loaded, with keep_alive -1 for ever, is none. Pure.
 */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';

/** From this utilisation on a GPU is busy; the same that agents take by default. */
const BUSY_PERCENT = 10;
/** A server reckons the end of a model's time anew with each request; less than this is the rounding of a clock. */
const ADVANCE_MS = 1000;

/** What the last look saw: when each loaded model would be unloaded, null for never. */
export type UseSeen = ReadonlyMap<string, number | null>;

export interface UseLook {
  seen: UseSeen;
  /** What speaks of use since the look before, a sentence each. */
  use: string[];
}

export interface UseFacts {
  node: Pick<NodeView, 'loaded'>;
  /** What its own tools read; empty for a node whose GPUs are not measured. */
  gpus: readonly GpuReading[];
  /** Why a GPU may be busier than is known; null or omitted for a node whose GPUs are not measured. */
  doubt?: string | null;
  /** What the look before saw; null for the first one, which takes nothing that is loaded for use. */
  before: UseSeen | null;
  /** Our own requests to it that are not answered yet. */
  inFlight: number;
  now: number;
}

export function lookForUse({ node, gpus, doubt = null, before, inFlight, now }: UseFacts): UseLook {
  const seen = new Map(node.loaded.map((model) => [model.name, model.expiresAt]));
  const use: string[] = [];
  if (inFlight > 0) {
    use.push(inFlight === 1 ? 'A request is being answered.' : `${inFlight} requests are being answered.`);
  }
  for (const model of node.loaded) {
    const words = modelWords(model, before, now);
    if (words !== null) use.push(words);
  }
  const busiest = Math.max(0, ...gpus.map((gpu) => gpu.utilisationPercent ?? 0));
  if (busiest >= BUSY_PERCENT) use.push(`A GPU is busy (${Math.round(busiest)} %).`);
  const silent = gpus.filter(({ utilisationPercent }) => utilisationPercent === null);
  const [unread] = silent.map(({ name }) => `${name} does not report its load.`);
  const unknown = doubt ?? unread;
  // A machine whose readings fail may be at work.
  if (unknown !== undefined) use.push(`Cannot tell whether a GPU is busy: ${unknown}`);
  return { seen, use };
}

function modelWords(
  { name, expiresAt }: NodeView['loaded'][number],
  before: UseSeen | null,
  now: number,
): string | null {
  // Its time is over, and still it is not unloaded: a request holds it.
  if (expiresAt !== null && expiresAt < now - ADVANCE_MS) return `${name} is answering.`;
  if (before === null) return null;
  const last = before.get(name);
  if (last === undefined) return `${name} was loaded.`;
  if (expiresAt !== null && (last === null || expiresAt - last > ADVANCE_MS)) return `${name} was used.`;
  return null;
}
