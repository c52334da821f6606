/** In which order requests are listed, and how that order is held still while somebody is in it. Pure. */
import type { RequestView } from '../../../shared/models/requests.ts';
import { isOver } from './filter.ts';

/** Those in progress first; each part newest first. */
export function orderRequests(requests: readonly RequestView[]): RequestView[] {
  return requests.toSorted(
    (a, b) => Number(isOver(a)) - Number(isOver(b)) || b.at - a.at || (a.id < b.id ? 1 : -1),
  );
}

export interface HeldList {
  rows: readonly RequestView[];
  /** How many match by now that are not in it. */
  more: number;
}

/**
 * The rows of `held` in their places, each as it is now. One that has left the stream, or no longer matches, stays as it
 * was last known.
 */
export function heldRows(
  held: readonly RequestView[],
  current: readonly RequestView[],
  entries: Readonly<Record<string, RequestView>>,
): HeldList {
  const shown = new Set(held.map(({ id }) => id));
  return {
    rows: held.map((request) => entries[request.id] ?? request),
    more: current.reduce((count, { id }) => count + (shown.has(id) ? 0 : 1), 0),
  };
}
