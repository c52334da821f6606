/** The state of the Fleet page in its address. Pure. */
import { fieldsOf, hashWith } from '../../components/hash.ts';

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
  const named = fieldsOf('fleet', hash);
  return {
    group: nodeGroups.find((group) => group === named.get('state')) ?? null,
    text: (named.get('q') ?? '').slice(0, 200),
    sort: fleetSorts.find((sort) => sort === named.get('sort')) ?? 'added',
  };
}

export function fleetHash({ group, text, sort }: FleetAddress): string {
  return hashWith('#/fleet', { state: group, q: text || null, sort: sort === 'added' ? null : sort });
}

/** The machine that the chart of VRAM shows; null for all. */
export const readVramOf = (hash: string): { nodeId: string | null } => ({
  nodeId: fieldsOf('fleet', hash).get('vram') || null,
});
export const vramOfHash = ({ nodeId }: { nodeId: string | null }): string =>
  hashWith('#/fleet', { vram: nodeId });
