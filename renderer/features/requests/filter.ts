/** Which requests are shown, and how that is kept in the address. Pure. */
import type { RequestState, RequestView } from '../../../shared/models/requests.ts';
import { fieldsOf, hashWith } from '../../components/hash.ts';

export const stateGroups = ['waiting', 'running', 'completed', 'failed', 'cancelled'] as const;
export type StateGroup = (typeof stateGroups)[number];

const groupOfState: Record<RequestState, StateGroup> = {
  arriving: 'running',
  waking: 'waiting',
  queued: 'waiting',
  sent: 'running',
  answering: 'running',
  completed: 'completed',
  refused: 'failed',
  rejected: 'failed',
  failed: 'failed',
  cancelled: 'cancelled',
};

export const groupOf = ({ state }: Pick<RequestView, 'state'>): StateGroup => groupOfState[state];

/** Whether it has ended, however that was. */
export const isOver = (request: Pick<RequestView, 'state'>): boolean => {
  const group = groupOf(request);
  return group !== 'waiting' && group !== 'running';
};

export interface RequestFilter {
  /** Empty for all. */
  groups: ReadonlySet<StateGroup>;
  /** null for all. */
  model: string | null;
  nodeId: string | null;
  /** As `programOf` names it. */
  program: string | null;
  text: string;
}

export const noFilter: RequestFilter = {
  groups: new Set(),
  model: null,
  nodeId: null,
  program: null,
  text: '',
};

export const isFiltered = ({ groups, model, nodeId, program, text }: RequestFilter): boolean =>
  groups.size > 0 || model !== null || nodeId !== null || program !== null || text.trim() !== '';

/** The program that sent it: as it names itself, else by its key; empty if neither is known. */
export const programOf = ({ program, credential }: Pick<RequestView, 'program' | 'credential'>): string =>
  program ?? credential ?? '';

/** The requests that match every filter and contain each word of the text. */
export function filterRequests(
  requests: readonly RequestView[],
  filter: RequestFilter,
  nodeName: (nodeId: string) => string,
): RequestView[] {
  const terms = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return requests.filter((request) => {
    if (filter.groups.size > 0 && !filter.groups.has(groupOf(request))) return false;
    if (filter.model !== null && request.model !== filter.model) return false;
    if (filter.nodeId !== null && request.nodeId !== filter.nodeId) return false;
    if (filter.program !== null && programOf(request) !== filter.program) return false;
    if (terms.length === 0) return true;
    const text = searchedText(request, nodeName);
    return terms.every((term) => text.includes(term));
  });
}

function searchedText(request: RequestView, nodeName: (nodeId: string) => string): string {
  const { id, state, path, model, fallback, nodeId, program, credential, status, problem } = request;
  return [
    id,
    state,
    path,
    model,
    fallback,
    nodeId === null ? null : nodeName(nodeId),
    program,
    credential,
    status,
    problem?.code,
  ]
    .filter((part) => part !== null && part !== undefined)
    .join(' ')
    .toLowerCase();
}

/** What is in the address of the page. */
export interface RequestsAddress {
  filter: RequestFilter;
  /** The request whose details are open; null for none. */
  requestId: string | null;
  /** How the charts are divided. */
  by: Grouping;
}

export type Grouping = 'model' | 'node';

/** `#/requests?state=waiting,failed&model=…&request=…`. Unknown values are ignored. */
export function readAddress(hash: string): RequestsAddress {
  const query = fieldsOf('requests', hash);
  const named = new Set(query.get('state')?.split(','));
  return {
    filter: {
      groups: new Set(stateGroups.filter((group) => named.has(group))),
      model: query.get('model'),
      nodeId: query.get('node'),
      program: query.get('program'),
      text: query.get('text') ?? '',
    },
    requestId: query.get('request') || null,
    by: query.get('by') === 'node' ? 'node' : 'model',
  };
}

export function addressHash({ filter, requestId, by }: RequestsAddress): string {
  const groups = stateGroups.filter((group) => filter.groups.has(group));
  return hashWith('#/requests', {
    state: groups.join(',') || null,
    model: filter.model,
    node: filter.nodeId,
    program: filter.program,
    text: filter.text.trim() === '' ? null : filter.text,
    by: by === 'model' ? null : by,
    request: requestId,
  });
}

/** What can be chosen in the filters: what the requests have, by name. */
export function choicesIn(requests: readonly RequestView[]): {
  models: string[];
  nodeIds: string[];
  programs: string[];
} {
  const distinct = (values: readonly (string | null)[]) =>
    [...new Set(values.filter((value) => value !== null))].toSorted((a, b) => a.localeCompare(b));
  return {
    models: distinct(requests.map(({ model }) => model)),
    nodeIds: distinct(requests.map(({ nodeId }) => nodeId)),
    programs: distinct(requests.map(programOf)),
  };
}
