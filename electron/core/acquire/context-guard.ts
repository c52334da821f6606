/**
 * The context with which a request is sent, and who makes a server load a model again and again. Pure; the gateway's
 * process imports it.
 *
 * A server loads a model again whenever a request asks for another context than it has. Programs that differ in it, such
 * as one with 3900 and one with 8192, make each other wait for a load each time.
 */
import { matchesPriority } from '../fleet/model-placement.ts';

/**
 * - `pass`: as the program asks
 * - `clamp`: as the model is loaded already, if it is
 * - `fixed`: always this one
 */
export type ContextRule =
  | { model: string; rule: 'pass' | 'clamp' }
  | { model: string; rule: 'fixed'; contextLength: number };

/**
 * The context to send instead of the request's own; null to leave it as it is. The first rule whose pattern fits counts.
 * @param requested `num_ctx`; null if unset
 * @param loaded that of the loaded model; null if it is not loaded, or not known
 */
export function contextToSend(
  rules: readonly ContextRule[],
  { model, requested, loaded }: { model: string; requested: number | null; loaded: number | null },
): number | null {
  const found = rules.find((rule) => matchesPriority(model, [rule.model]));
  if (found === undefined || found.rule === 'pass') return null;
  const wanted = found.rule === 'fixed' ? found.contextLength : loaded;
  return wanted === requested ? null : wanted;
}

export interface ContextUse {
  /** `num_ctx` as sent; null if unset. */
  contextLength: number | null;
  /** Who asked; the same for the same program with the same key. */
  who: string;
  /** Monotonic milliseconds. */
  at: number;
  /** The server may have loaded the model for it. */
  loaded: boolean;
}

export interface ContextThrash {
  who: string;
  contextLength: number | null;
  otherContextLength: number | null;
  reloads: number;
}

/** Loads within this time belong together, milliseconds. */
const WINDOW_MS = 10 * 60_000;
const RELOADS = 3;
/** The same program is named again after this time, milliseconds. */
const SILENT_MS = 60 * 60_000;
const MOST_USES = 200;

export interface ThrashWatch {
  /** A request was answered. The program that causes reloads, when it is time to name it; else null. */
  answered(nodeId: string, model: string, use: ContextUse): ContextThrash | null;
}

/** The latest uses of one model on one node. */
interface Place {
  /** In the order of their answers. Those before `first` don't count any more. */
  uses: ContextUse[];
  first: number;
  /** Among those that count. */
  reloads: number;
  named: Map<string, number>;
}

/** Thousands of requests a second are noted, so nothing is counted again for each. */
export function createThrashWatch(): ThrashWatch {
  const places = new Map<string, Map<string, Place>>();

  function placeOf(nodeId: string, model: string): Place {
    let models = places.get(nodeId);
    if (models === undefined) {
      models = new Map();
      places.set(nodeId, models);
    }
    let place = models.get(model);
    if (place === undefined) {
      place = { uses: [], first: 0, reloads: 0, named: new Map() };
      models.set(model, place);
    }
    return place;
  }

  return {
    answered(nodeId, model, use) {
      const place = placeOf(nodeId, model);
      note(place, use);
      if (place.reloads < RELOADS) return null;
      const thrash = findThrash(place.uses.slice(place.first));
      if (thrash === null) return null;
      const namedAt = place.named.get(thrash.who);
      if (namedAt !== undefined && use.at - namedAt < SILENT_MS) return null;
      place.named.set(thrash.who, use.at);
      return thrash;
    },
  };
}

function note(place: Place, use: ContextUse): void {
  const { uses } = place;
  if (isReload(uses.at(-1), use)) place.reloads += 1;
  uses.push(use);
  for (let oldest = uses[place.first]; oldest !== undefined; oldest = uses[place.first]) {
    if (uses.length - place.first <= MOST_USES && use.at - oldest.at < WINDOW_MS) break;
    place.first += 1;
    const next = uses[place.first];
    if (next !== undefined && isReload(oldest, next)) place.reloads -= 1;
  }
  if (place.first < MOST_USES) return;
  place.uses = uses.slice(place.first);
  place.first = 0;
}

const isReload = (before: ContextUse | undefined, use: ContextUse): boolean =>
  before !== undefined && before.contextLength !== use.contextLength && use.loaded;

/**
 * A request with another context than the one before it that had to load the model is a reload. Its cause is the context
 * that fewest requests ask for, and of these requests the program with the most; between equals, the last one.
 */
export function findThrash(uses: readonly ContextUse[]): ContextThrash | null {
  let reloads = 0;
  for (const [index, use] of uses.entries()) if (isReload(uses[index - 1], use)) reloads += 1;
  if (reloads < RELOADS) return null;
  const contexts = countBy(uses, ({ contextLength }) => contextLength);
  const [contextLength] = leastOf(contexts);
  const [otherContextLength] = mostOf(contexts.filter(([context]) => context !== contextLength));
  const [who] = mostOf(
    countBy(
      uses.filter((use) => use.contextLength === contextLength),
      (use) => use.who,
    ),
  );
  return { who, contextLength, otherContextLength, reloads };
}

/** In the order of their last use, the newest first. */
function countBy<Key>(uses: readonly ContextUse[], keyOf: (use: ContextUse) => Key): [Key, number][] {
  const counts = new Map<Key, number>();
  for (const use of uses.toReversed()) counts.set(keyOf(use), (counts.get(keyOf(use)) ?? 0) + 1);
  return [...counts];
}

const leastOf = <Key>(counts: readonly [Key, number][]): [Key, number] =>
  counts.reduce((least, one) => (one[1] < least[1] ? one : least));
const mostOf = <Key>(counts: readonly [Key, number][]): [Key, number] =>
  counts.reduce((most, one) => (one[1] > most[1] ? one : most));
