/**
 * The English of messages, as in `shared/text`. The panel is painted before the catalogue is loaded; the client delivers
 * no message before that, so everything that arrives can be written.
 */
import { createJobNames } from '../shared/text/job-names.ts';
import type { AnyMessage } from '../shared/text/types.ts';
import { createTextOf } from '../shared/text/write.ts';

export { jobRate } from '../shared/text/job-names.ts';
export type { AnyMessage } from '../shared/text/types.ts';

let write = createTextOf({});
let loading: Promise<boolean> | null = null;

/** Never throws: a message of a newer version is shown by its code. */
export const textOf = (message: AnyMessage): string => write(message);

/** The same for a message that may be missing: an empty text then. */
export const textOrEmpty = (message: AnyMessage | null): string => (message === null ? '' : textOf(message));

export const { jobName, quotedJobName } = createJobNames(textOf);

/** Loads the catalogue once. False if it could not be fetched; the next call tries again. */
export function loadTexts(): Promise<boolean> {
  loading ??= import('../shared/text/catalogue.ts').then(
    ({ catalogue }) => {
      write = createTextOf(catalogue);
      return true;
    },
    () => {
      loading = null;
      return false;
    },
  );
  return loading;
}
