import { useEffect, useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { HistoryRange, NodeBucket } from '../../../shared/models/telemetry.ts';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import { bucketMs, emptyHistory, historySignature } from '../../stores/history.ts';
import {
  continueBuckets,
  fromLive,
  type KeptBuckets,
  loadBuckets,
  rangeShape,
  selectKept,
  useKeptBuckets,
} from '../../stores/node-buckets.ts';
import { forgetSeeds, seedHistory, telemetryStore, useHistory } from '../../stores/telemetry.ts';

/** Loads what the Node page needs: the live stream, the last hour, and the stored day and 30 days. */
export function useNodeFeed(nodeId: string): void {
  const live = useConnection((status) => status.state === 'live');
  useKeep(telemetryStore);
  useEffect(() => {
    if (!live) return;
    const abort = new AbortController();
    void seedHistory(client, [nodeId]);
    void loadBuckets(client, nodeId, 'day', abort.signal);
    void loadBuckets(client, nodeId, 'month', abort.signal);
    return () => abort.abort();
  }, [live, nodeId]);
  useEffect(() => forgetSeeds, []);
}

export interface RangeHistory {
  state: KeptBuckets['state'];
  buckets: readonly NodeBucket[];
  /** The end of the range; moves once per bucket. */
  now: number;
}

const paused = () => 'paused';

/** A range of a node’s history, up to now. Pauses while the page is hidden. */
export function useRange(node: Pick<NodeView, 'id' | 'url' | 'agentUrl'>, range: HistoryRange): RangeHistory {
  const { id, url, agentUrl } = node;
  const visible = usePageVisible();
  const now = useNow(bucketMs / 1000);
  const signature = useHistory(visible ? (histories) => historySignature(histories[id]) : paused);
  const kept = useKeptBuckets(selectKept(id, range));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature says when the history matters.
  return useMemo(() => {
    // A computer without a server still reports readings, but it serves nothing.
    const live =
      url === null && agentUrl === null ? [] : fromLive((useHistory.getState()[id] ?? emptyHistory).buckets);
    if (range === 'hour') return { state: 'ready', buckets: live, now };
    const buckets = continueBuckets(kept.buckets, live, kept.until, rangeShape[range].seconds);
    return { state: kept.state, buckets: kept.state === 'loading' ? [] : buckets, now };
  }, [id, url, agentUrl, range, now, signature, kept]);
}
