/** The names of index jobs for programs that have the whole catalogue. */
import { textOf } from './index.ts';
import { createJobNames } from './job-names.ts';

export { jobRate } from './job-names.ts';

export const { jobName, quotedJobName } = createJobNames(textOf);
