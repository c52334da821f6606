/** Parts of the text about an index job, the same in panel, tray and CLI. */
import { formatRate } from '../units.ts';
import type { AnyMessage } from './types.ts';

interface JobFacts {
  label: AnyMessage;
  detail: AnyMessage;
  phase: string;
  nodes: readonly { vectorsPerSecond: number }[];
}

export function createJobNames(textOf: (message: AnyMessage) => string) {
  return {
    /** `Notes`, `Notes, Papers` or `all folders`. */
    jobName: ({ label }: Pick<JobFacts, 'label'>): string => textOf(label),
    /** The same in quotes, if it is a name. */
    quotedJobName: ({ label }: Pick<JobFacts, 'label'>): string =>
      label.code === 'ALL_FOLDERS' ? textOf(label) : `“${textOf(label)}”`,
  };
}

/** `312 vec/s`; before the first vectors arrive there is no rate yet. */
export function jobRate({ detail, phase, nodes }: Pick<JobFacts, 'detail' | 'phase' | 'nodes'>): string {
  if (phase === 'embedding' && detail.code === 'FIRST_BATCH_RUNNING') return 'First batch running';
  return formatRate(
    nodes.reduce((sum, node) => sum + node.vectorsPerSecond, 0),
    'vec',
  );
}
