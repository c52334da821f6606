/** How well each node suits one request, and why one comes before another. Pure. */
import type { Message } from '../../../shared/models/message.ts';
import { fact } from '../../../shared/models/message.ts';

/** Of two nodes, the one with the larger figure comes first. In the order of their weight. */
export interface Standing {
  /** 1 if it has the weights that are preferred for this request, or if any will do. */
  weights: number;
  /** 2 if the model is loaded as requested, 1 if its server doesn't report that, 0 if it has to be loaded. */
  loaded: number;
  /** Share of the model on the GPU in whole percent, or what to expect of one that is not loaded. */
  gpuPercent: number;
  /** 1 if a request can begin at once. */
  free: number;
  /** 2 if it fits beside what is loaded, 0 if something is unloaded for it, 1 in between and if unknown. */
  fit: number;
}

export interface Score {
  /** Share of the conversation that the node knows, 0 to 1. */
  match: number;
  /** Requests in flight as a share of the slots. */
  load: number;
  /** `match − β · load` */
  total: number;
}

export interface Ranked {
  node: string;
  standing: Standing;
  score: Score;
  inFlight: number;
  inFlightOfModel: number;
  /** Place in the fleet. */
  place: number;
}

const standingOrder = [
  'weights',
  'loaded',
  'gpuPercent',
  'free',
  'fit',
] as const satisfies readonly (keyof Standing)[];

/** A node without a limit counts as full at this many requests, for the score only. */
const NOMINAL_SLOTS = 4;

/** Scores that differ by less are equal, because of rounding. */
const SAME_SCORE = 1e-9;

export function scoreOf(match: number, inFlight: number, slots: number | null, beta: number): Score {
  const load = inFlight / Math.max(1, slots ?? NOMINAL_SLOTS);
  return { match, load, total: match - beta * load };
}

type Criterion = (typeof standingOrder)[number] | 'score' | 'inFlight' | 'inFlightOfModel' | 'place';

/** What decides between two nodes, and which comes first: negative for `one`. */
function decide(one: Ranked, other: Ranked): { by: Criterion; order: number } {
  for (const by of standingOrder) {
    const order = other.standing[by] - one.standing[by];
    if (order !== 0) return { by, order };
  }
  const score = other.score.total - one.score.total;
  if (Math.abs(score) > SAME_SCORE) return { by: 'score', order: score };
  const busy = one.inFlight - other.inFlight;
  if (busy !== 0) return { by: 'inFlight', order: busy };
  const busyWithModel = one.inFlightOfModel - other.inFlightOfModel;
  if (busyWithModel !== 0) return { by: 'inFlightOfModel', order: busyWithModel };
  return { by: 'place', order: one.place - other.place };
}

/** The best first. The order of the input doesn't matter, only the places. */
export function rank<Entry extends Ranked>(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((one, other) => decide(one, other).order);
}

/** Why a node comes before the next one; `next` is null for the last. `first` is false if others came before it. */
export function reasonFor(one: Ranked, next: Ranked | null, first: boolean): Message {
  const { node, standing, score, inFlight } = one;
  if (next === null) return first ? fact('ROUTE_ONLY_NODE', { node }) : fact('ROUTE_LAST_NODE', { node });
  switch (decide(one, next).by) {
    case 'weights':
      return fact('ROUTE_SAME_WEIGHTS', { node });
    case 'loaded':
      return standing.loaded === 2 ? fact('ROUTE_LOADED', { node }) : fact('ROUTE_MAYBE_LOADED', { node });
    case 'gpuPercent':
      return fact('ROUTE_GPU_SHARE', { node, percent: standing.gpuPercent });
    case 'free':
      return fact('ROUTE_FREE_SLOT', { node, inFlight });
    case 'fit':
      return fact('ROUTE_FITS', { node });
    case 'score':
      // Without a larger match it can only be the load that made the difference.
      return score.match > next.score.match
        ? fact('ROUTE_KNOWS_CONVERSATION', { node, percent: Math.round(score.match * 100) })
        : fact('ROUTE_LESS_BUSY', { node, inFlight });
    case 'inFlight':
    case 'inFlightOfModel':
      return fact('ROUTE_LESS_BUSY', { node, inFlight });
    case 'place':
      return fact('ROUTE_FLEET_ORDER', { node });
  }
}
