/** A request's way through the gateway, as parts drawn to scale and as a list of moments. Pure. */
import type { RequestStep, RequestView } from '../../../shared/models/requests.ts';
import { isOver } from './filter.ts';

/** What happened during a part. */
export type PartKind = 'gateway' | 'waking' | 'queued' | 'sent' | 'loading' | 'answering' | 'lost';

export interface TimelinePart {
  kind: PartKind;
  fromMs: number;
  toMs: number;
}

export interface Timeline {
  /** Without gaps, from the arrival to the end, or to now. */
  parts: TimelinePart[];
  totalMs: number;
}

const partAfter: Record<Exclude<RequestStep['kind'], 'tried' | 'split' | 'loaded'>, PartKind | null> = {
  arrived: 'gateway',
  waking: 'waking',
  queued: 'queued',
  sent: 'sent',
  'first-byte': 'answering',
  ended: null,
};

/** Steps that do not change what the request is doing. */
const passing: ReadonlySet<string> = new Set(['split', 'loaded']);

/** @param now milliseconds since the epoch, for one that is in progress */
export function timelineOf(
  request: Pick<RequestView, 'at' | 'state' | 'durationMs' | 'loadMs' | 'steps'>,
  now: number,
): Timeline {
  const steps = request.steps.toSorted((a, b) => a.afterMs - b.afterMs);
  const latest = steps.at(-1)?.afterMs ?? 0;
  const elapsed = isOver(request) ? (request.durationMs ?? latest) : now - request.at;
  const totalMs = Math.max(latest, elapsed, 0);
  const parts: TimelinePart[] = [];
  let kind: PartKind = 'gateway';
  let fromMs = 0;
  const endAt = (toMs: number) => {
    if (toMs > fromMs) parts.push({ kind, fromMs, toMs });
    fromMs = Math.max(fromMs, toMs);
  };
  for (const step of steps) {
    if (passing.has(step.kind)) continue;
    // A node that did not answer gives it back to the gateway, and the time there was lost.
    if (step.kind === 'tried') kind = 'lost';
    endAt(step.afterMs);
    const next = step.kind === 'tried' ? 'gateway' : partAfter[step.kind as keyof typeof partAfter];
    if (next === null) break;
    kind = next;
  }
  endAt(totalMs);
  return { parts: withLoad(joined(parts), request), totalMs };
}

/** Neighbours of one kind are one part. */
function joined(parts: readonly TimelinePart[]): TimelinePart[] {
  const result: TimelinePart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.kind === part.kind) last.toMs = part.toMs;
    else result.push({ ...part });
  }
  return result;
}

/**
 * The load is inside the time between sending and the first byte. The server says how long it took, not when: it came
 * before the model could work, so it is drawn at the beginning of the last such part.
 */
function withLoad(parts: TimelinePart[], { loadMs }: Pick<RequestView, 'loadMs'>): TimelinePart[] {
  const index = parts.findLastIndex(({ kind }) => kind === 'sent');
  const sent = parts[index];
  if (!sent || loadMs === null || loadMs <= 0) return parts;
  const until = Math.min(sent.toMs, sent.fromMs + loadMs);
  const rest: TimelinePart[] = until < sent.toMs ? [{ ...sent, fromMs: until }] : [];
  return [
    ...parts.slice(0, index),
    { kind: 'loading', fromMs: sent.fromMs, toMs: until },
    ...rest,
    ...parts.slice(index + 1),
  ];
}

/** The sum of each kind, in the order in which they came. */
export function sumsOf({ parts }: Timeline): { kind: PartKind; ms: number }[] {
  const sums = new Map<PartKind, number>();
  for (const { kind, fromMs, toMs } of parts) sums.set(kind, (sums.get(kind) ?? 0) + toMs - fromMs);
  return [...sums].map(([kind, ms]) => ({ kind, ms }));
}
