/** Which runners can serve a request of Immich now, and which machines may after a wake. Pure. */
import type { NodeState } from '../../../shared/models/fleet.ts';
import type { PredictNeed } from '../ports/immich-door.ts';
import { chooseRunner, preferGpu } from '../runner/balance.ts';

export interface SeenRunner {
  nodeId: string;
  name: string;
  /** On this computer. */
  here: boolean;
  usable: boolean;
  /** Its state as a server; the machine's while that is off. */
  state: NodeState;
  canWake: boolean;
  /** The door wakes it now. On the way up its state passes through some from which it could not be woken. */
  waking: boolean;
  /** Graphs of Immich's folder, as it last said; null if it never did. */
  graphs: readonly string[] | null;
  gpu: boolean;
  /** Requests that were sent to it and not answered yet. */
  waiting: number;
}

const has = ({ graphs }: SeenRunner, need: PredictNeed) =>
  graphs !== null && need.graphs.every((graph) => graphs.includes(graph));

export interface RankedPlace {
  nodeId: string;
  /** It works on a CPU, although a GPU elsewhere has the graphs. */
  fallback: boolean;
}

/** Best first: those on a GPU, each time the one that would finish first. */
export function rankPlaces(runners: readonly SeenRunner[], need: PredictNeed): RankedPlace[] {
  const having = runners.filter((runner) => has(runner, need));
  const onGpu = having.some(({ gpu }) => gpu);
  const left = having
    .filter(({ usable }) => usable)
    .map(({ nodeId, gpu, waiting }) => ({ nodeId, gpu, waiting, textsPerSecond: null }));
  const ranked: RankedPlace[] = [];
  while (left.length > 0) {
    const chosen = chooseRunner(preferGpu(left).candidates, 1);
    const place = left.findIndex(({ nodeId }) => nodeId === chosen);
    const [next] = left.splice(Math.max(0, place), 1);
    if (next !== undefined) ranked.push({ nodeId: next.nodeId, fallback: onGpu && !next.gpu });
  }
  return ranked;
}

const COMING: ReadonlySet<NodeState> = new Set(['waking', 'booting', 'unknown']);

/** Known to have the models first, then those that never said. */
export function rankSleepers(runners: readonly SeenRunner[], need: PredictNeed): string[] {
  const asleep = runners.filter(
    ({ here, usable, state, canWake, waking }) =>
      !here && !usable && (waking || COMING.has(state) || (state === 'off' && canWake)),
  );
  const known = asleep.filter((runner) => has(runner, need));
  const first = [...known].sort((a, b) => Number(b.gpu) - Number(a.gpu));
  return [...first, ...asleep.filter(({ graphs }) => graphs === null)].map(({ nodeId }) => nodeId);
}

/** Graphs that no runner has; none while one never said what it has. */
export function missingGraphs(runners: readonly SeenRunner[], need: PredictNeed): string[] {
  if (runners.some(({ graphs }) => graphs === null)) return [];
  return need.graphs.filter((graph) => !runners.some(({ graphs }) => graphs?.includes(graph)));
}
