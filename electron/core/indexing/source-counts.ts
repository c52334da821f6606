/** What one job counts for each of its sources. */
import type { IndexJob } from '../../../shared/models/indexing.ts';

export interface SourceCounts {
  total: number;
  done: number;
  unchanged: number;
  removed: number;
  failed: number;
  skipped: number;
  ignored: number;
  pendingBytes: number;
  settledBytes: number;
  /** Of files that are not committed yet. */
  embeddedBytes: number;
}

export interface AllSourceCounts {
  /** To be counted in; zeros at first. */
  of(sourceId: string): SourceCounts;
  sum(field: keyof SourceCounts): number;
  /** Over all sources. */
  files(): IndexJob['files'];
}

export function createSourceCounts(): AllSourceCounts {
  const counts = new Map<string, SourceCounts>();

  function sum(field: keyof SourceCounts): number {
    let total = 0;
    for (const known of counts.values()) total += known[field];
    return total;
  }

  return {
    of(sourceId) {
      const known = counts.get(sourceId) ?? {
        ...{ total: 0, done: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0, ignored: 0 },
        ...{ pendingBytes: 0, settledBytes: 0, embeddedBytes: 0 },
      };
      counts.set(sourceId, known);
      return known;
    },
    sum,
    files: () => ({
      total: sum('total'),
      done: sum('done'),
      unchanged: sum('unchanged'),
      removed: sum('removed'),
      failed: sum('failed'),
      skipped: sum('skipped'),
      ...(sum('ignored') > 0 ? { ignored: sum('ignored') } : {}),
    }),
  };
}
