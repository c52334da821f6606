/** In which order requests are listed. Pure. */
import type { RequestView } from '../../../shared/models/requests.ts';
import { isOver } from './filter.ts';

/** Those in progress first; each part newest first. */
export function orderRequests(requests: readonly RequestView[]): RequestView[] {
  return requests.toSorted(
    (a, b) => Number(isOver(a)) - Number(isOver(b)) || b.at - a.at || (a.id < b.id ? 1 : -1),
  );
}
