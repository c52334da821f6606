/** The state of the Fleet page in its address. Pure. */

/** Every machine is in one of them. */
export const nodeGroups = ['awake', 'off', 'trouble'] as const;
export type NodeGroup = (typeof nodeGroups)[number];

export const fleetSorts = ['added', 'name', 'vram', 'gpu', 'power'] as const;
export type FleetSort = (typeof fleetSorts)[number];

export interface FleetAddress {
  /** null for all. */
  group: NodeGroup | null;
  /** Words in a machine’s name or address, or in the name of a model on it. */
  text: string;
  sort: FleetSort;
}

export const allOfFleet: FleetAddress = { group: null, text: '', sort: 'added' };

export function readFleet(hash: string): FleetAddress {
  const [page, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  if (page !== 'fleet') return allOfFleet;
  const named = new URLSearchParams(query);
  return {
    group: nodeGroups.find((group) => group === named.get('state')) ?? null,
    text: (named.get('q') ?? '').slice(0, 200),
    sort: fleetSorts.find((sort) => sort === named.get('sort')) ?? 'added',
  };
}

export function fleetHash({ group, text, sort }: FleetAddress): string {
  const named = new URLSearchParams();
  if (group !== null) named.set('state', group);
  if (text !== '') named.set('q', text);
  if (sort !== 'added') named.set('sort', sort);
  return named.size === 0 ? '#/fleet' : `#/fleet?${named}`;
}
