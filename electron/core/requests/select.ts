/** Which requests a caller asked for. Pure. */
import type { RequestState, RequestView } from '../../../shared/models/requests.ts';
import { sameModelName } from '../fleet/model-placement.ts';

export interface RequestFilter {
  states?: readonly RequestState[] | undefined;
  /** `llama3.2` also means `llama3.2:latest`. */
  model?: string | undefined;
  nodeId?: string | undefined;
  program?: string | undefined;
  credentialId?: string | undefined;
  limit: number;
}

/** Newest first. */
export function selectRequests(requests: readonly RequestView[], filter: RequestFilter): RequestView[] {
  const { states, model, nodeId, program, credentialId, limit } = filter;
  const fits = (request: RequestView) =>
    (states === undefined || states.includes(request.state)) &&
    (model === undefined || (request.model !== null && sameModelName(request.model, model))) &&
    (nodeId === undefined || request.nodeId === nodeId) &&
    (program === undefined || request.program === program) &&
    (credentialId === undefined || request.credentialId === credentialId);
  return requests
    .filter(fits)
    .sort((one, other) => other.at - one.at)
    .slice(0, limit);
}
