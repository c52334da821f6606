/** The energy of each node as the core computes it. Every figure of it on a page comes from here, so that all agree. */
import { useEffect } from 'react';
import { create } from 'zustand';
import type { EnergyRange, NodeEnergy } from '../../shared/models/power.ts';
import { type Client, client } from '../client/index.ts';
import { useNow } from '../components/now.ts';
import { useConnection } from './connection.ts';

/** null before the first answer. */
export type KnownEnergy = NodeEnergy | 'failed' | null;

const useEnergies = create<Record<string, KnownEnergy>>()(() => ({}));
const keyOf = (nodeId: string, range: EnergyRange) => `${nodeId}|${range}`;

export async function loadEnergy(
  from: Pick<Client, 'call'>,
  nodeId: string,
  range: EnergyRange,
  signal: AbortSignal,
): Promise<void> {
  const energy = await from.call('power.energy', { range, nodeId }, { signal }).then(
    ({ nodes }) => nodes.find((one) => one.nodeId === nodeId) ?? ('failed' as const),
    () => 'failed' as const,
  );
  if (!signal.aborted) useEnergies.setState({ [keyOf(nodeId, range)]: energy });
}

export const energyOf = (nodeId: string, range: EnergyRange): KnownEnergy =>
  useEnergies.getState()[keyOf(nodeId, range)] ?? null;

/** Fetched again every five minutes, and when the watts that a person entered change. */
export function useEnergy(nodeId: string, range: EnergyRange, watts: number | null): KnownEnergy {
  const live = useConnection((status) => status.state === 'live');
  const now = useNow(300);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time and the watts are reasons to ask again.
  useEffect(() => {
    if (!live) return;
    const abort = new AbortController();
    void loadEnergy(client, nodeId, range, abort.signal);
    return () => abort.abort();
  }, [live, range, nodeId, watts, now]);
  return useEnergies((state) => state[keyOf(nodeId, range)] ?? null);
}
