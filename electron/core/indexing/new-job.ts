/** The record of a job that has not begun. Pure. */
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';

export function newJobRecord(
  asked: Pick<
    IndexJob,
    'id' | 'sourceIds' | 'label' | 'full' | 'rebuild' | 'useGpu' | 'callbackUrl' | 'createdAt'
  >,
): IndexJob {
  return {
    ...asked,
    status: 'pending',
    phase: 'queued',
    detail: fact('JOB_STARTING'),
    startedAt: null,
    endedAt: null,
    files: { total: 0, done: 0, unchanged: 0, removed: 0, failed: 0, skipped: 0 },
    vectors: 0,
    fallbackVectors: 0,
    etaMs: null,
    limitedBy: null,
    currentFile: '',
    nodes: [],
    events: [],
    failures: [],
    leftOut: [],
    error: null,
    resumed: false,
  };
}
