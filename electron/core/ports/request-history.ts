/** What came through the gateway, in buckets of wall time. */
import type { BucketLength } from './history.ts';

/** Requests of one model on one node in one bucket. */
export interface RequestTotals {
  /** null for those that no node was asked. */
  nodeId: string | null;
  /** Canonical; null if they named none. */
  model: string | null;
  requests: number;
  failed: number;
  /** Request-milliseconds of waiting. */
  waitingMs: number;
  outputTokens: number;
  outputMs: number;
  /** How many took how long to the first byte: see core/gateway/histogram.ts. */
  firstByte: Uint32Array;
}

export interface RequestTotalsBucket {
  seconds: BucketLength;
  /** Start in wall time, milliseconds since the epoch; a multiple of the length. */
  start: number;
  rows: readonly RequestTotals[];
}
