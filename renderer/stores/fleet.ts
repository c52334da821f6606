import type { NodeView } from '../../shared/models/fleet.ts';
import { isServing } from '../../shared/models/serving.ts';
import type { TelemetrySample } from '../../shared/models/telemetry.ts';
import { usedVramBytes } from '../../shared/vram.ts';
import { compareNames } from '../late-intl.ts';
import { createStreamStore, type KeyedState } from './keyed.ts';

export const fleetStore = createStreamStore('fleet');
export const useFleet = fleetStore.use;

const sorted = new WeakMap<KeyedState<NodeView>, readonly NodeView[]>();

/** All nodes, in the order in which they were added; sorted once a frame, however many ask. */
export function selectNodes(state: KeyedState<NodeView>): readonly NodeView[] {
  const known = sorted.get(state);
  if (known) return known;
  const nodes = state.keys
    .flatMap((key) => state.entries[key] ?? [])
    .toSorted((a, b) => a.addedAt - b.addedAt || compareNames(a.name, b.name));
  sorted.set(state, nodes);
  return nodes;
}

export interface FleetSummary {
  nodes: number;
  awake: number;
  usedBytes: number;
  /** Over the nodes whose VRAM is known; null when none is. */
  totalBytes: number | null;
}

export function summariseFleet(
  nodes: readonly NodeView[],
  samples: Readonly<Record<string, TelemetrySample>>,
): FleetSummary {
  let awake = 0;
  let usedBytes = 0;
  let totalBytes: number | null = null;
  for (const node of nodes) {
    if (!isServing(node.state)) continue;
    awake += 1;
    if (!node.vram.totalBytes) continue;
    totalBytes = (totalBytes ?? 0) + node.vram.totalBytes;
    usedBytes += usedVramBytes(node, samples[node.id]) ?? 0;
  }
  return { nodes: nodes.length, awake, usedBytes, totalBytes };
}
