import { create } from 'zustand';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { TelemetrySample } from '../../shared/models/telemetry.ts';
import { usedVramBytes } from '../../shared/vram.ts';
import type { Client } from '../client/index.ts';
import { useConnection } from './connection.ts';
import { addSample, emptyHistory, type NodeHistory } from './history.ts';
import { createStreamStore } from './keyed.ts';

/** The newest sample of each node. */
export const telemetryStore = createStreamStore('telemetry');

/** VRAM in use on a node now, bytes; null where it is not known. */
export const useUsedVram = (node: NodeView): number | null =>
  telemetryStore.use((state) => usedVramBytes(node, state.entries[node.id]));

/** The last hour of each node, in buckets. */
export const useHistory = create<Record<string, NodeHistory>>()(() => ({}));

telemetryStore.onFrame((frame) => {
  const histories = useHistory.getState();
  const changed: Record<string, NodeHistory> = {};
  for (const [nodeId, sample] of frame.set) {
    changed[nodeId] = addSample(histories[nodeId] ?? emptyHistory, sample);
  }
  if (frame.set.length > 0) useHistory.setState(changed);
});

const seeded = new Set<string>();

/** The stream is closed now: what comes meanwhile is fetched when it is opened again. */
export function forgetSeeds(): void {
  seeded.clear();
}

// A link that was lost missed samples, too.
useConnection.subscribe(({ state }) => {
  if (state !== 'live') forgetSeeds();
});

/** Fetches the last hour of these nodes, each once; what the stream brought meanwhile is kept. */
export async function seedHistory(client: Client, nodeIds: readonly string[]): Promise<void> {
  for (const nodeId of nodeIds) {
    if (seeded.has(nodeId)) continue;
    seeded.add(nodeId);
    try {
      const samples = await client.call('telemetry.history', { nodeId });
      useHistory.setState((histories) => ({ [nodeId]: mergeHistory(samples, histories[nodeId]) }));
    } catch {
      // Fetched again next time; the stream continues meanwhile.
      seeded.delete(nodeId);
    }
  }
}

function mergeHistory(samples: readonly TelemetrySample[], live: NodeHistory | undefined): NodeHistory {
  const newest = samples.at(-1)?.at ?? 0;
  let history = emptyHistory;
  for (const sample of samples) history = addSample(history, sample);
  for (const sample of live?.recent ?? []) if (sample.at > newest) history = addSample(history, sample);
  return history;
}
