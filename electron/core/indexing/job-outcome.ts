/** What a job is called, and how it ended. Pure. */
import { PilotlightError, toWireError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { errorMessage, fact, isFact, type Message, plainText } from '../../../shared/models/message.ts';
import { serverText } from './failures.ts';

/** @param names of the folders of the job, in order */
export function jobLabel(names: readonly string[], isAll: boolean): Message {
  if (isAll && names.length > 1) return fact('ALL_FOLDERS');
  return names.length === 1 ? plainText(names[0] ?? '') : fact('FOLDER_NAMES', { names });
}

/** The names of the folders; null for all of them. */
export function labelFolders(label: Message): readonly string[] | null {
  if (isFact(label, 'TEXT')) return [label.params.text];
  return isFact(label, 'FOLDER_NAMES') ? label.params.names : null;
}

export function fileCounts({ files }: Pick<IndexJob, 'files'>) {
  const { done, unchanged, removed, failed, skipped, ignored } = files;
  return { done, unchanged, removed, failed, skipped, ...(ignored === undefined ? {} : { ignored }) };
}

export interface JobError {
  error: NonNullable<IndexJob['error']>;
  detail: Message;
}

/** With what the server reported, unless the message contains it already. */
export function jobError(error: unknown): JobError {
  const { code, message, next, details } = toWireError(error);
  const coded = error instanceof PilotlightError ? error : new PilotlightError(code);
  const server = serverText(details);
  if (server === '' || message.includes(server)) {
    return { error: { code, message, next }, detail: errorMessage(coded) };
  }
  const detail = fact('ERROR_FROM_SERVER', { message: errorMessage(coded), server });
  const { message: whole } = new PilotlightError(code, { message: detail });
  return { error: { code, message: whole, next }, detail };
}

/** The activity entry of a finished job; null while it runs. */
export function jobActivity(job: IndexJob): NewActivityEntry | null {
  const folders = labelFolders(job.label);
  const files = fileCounts(job);
  const entry = { kind: 'index', notify: true } as const;
  switch (job.status) {
    case 'completed':
      return { ...entry, severity: 'success', message: fact('INDEXING_FINISHED', { folders, files }) };
    case 'failed':
      return {
        ...entry,
        severity: 'error',
        message: fact('INDEXING_FAILED', { folders, reason: job.detail }),
        why: job.error === null ? null : plainText(job.error.next),
      };
    case 'cancelled':
      return {
        ...entry,
        severity: 'info',
        message: fact('INDEXING_CANCELLED', { folders, files }),
        notify: false,
      };
    case 'pending':
    case 'running':
    case 'paused':
      return null;
  }
}
