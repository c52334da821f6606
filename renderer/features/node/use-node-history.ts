import { useEffect, useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { HistorySpan, NodeBucket } from '../../../shared/models/telemetry.ts';
import { usePageVisible } from '../../charts/use-visible.ts';
import { client } from '../../client/index.ts';
import { useNow } from '../../components/now.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useConnection } from '../../stores/connection.ts';
import { bucketMs, emptyHistory, historySignature } from '../../stores/history.ts';
import {
  continueBuckets,
  fromLive,
  isLive,
  type KeptBuckets,
  loadBuckets,
  secondsOf,
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

/** Loads a period that the page does not need anyway. */
export function usePeriodFeed(nodeId: string, period: HistorySpan): void {
  const live = useConnection((status) => status.state === 'live');
  useEffect(() => {
    if (!live || period === 'day' || period === 'month' || isLive(period, Date.now())) return;
    const abort = new AbortController();
    void loadBuckets(client, nodeId, period, abort.signal);
    return () => abort.abort();
  }, [live, nodeId, period]);
}

export interface RangeHistory {
  state: KeptBuckets['state'];
  buckets: readonly NodeBucket[];
  /** The end of the range; moves once per bucket. */
  now: number;
  /** How long each bucket is. */
  seconds: number;
}

const paused = () => 'paused';

/** A range of a node’s history, up to now. Pauses while the page is hidden. */
export function useRange(node: Pick<NodeView, 'id' | 'url' | 'agentUrl'>, range: HistorySpan): RangeHistory {
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
    if (isLive(range, now)) return { state: 'ready', buckets: live, now, seconds: bucketMs / 1000 };
    const seconds = secondsOf(range, kept.buckets);
    // What is between two moments is complete.
    const buckets =
      typeof range === 'string' ? continueBuckets(kept.buckets, live, kept.until, seconds) : kept.buckets;
    return { state: kept.state, buckets: kept.state === 'loading' ? [] : buckets, now, seconds };
  }, [id, url, agentUrl, range, now, signature, kept]);
}
