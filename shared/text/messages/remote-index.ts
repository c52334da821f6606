import { formatCount, plural } from '../../units.ts';
import type { Text } from '../types.ts';

/** Indexes on other servers. */
export const remoteIndexMessages = {
  NO_SUCH_REMOTE_INDEX: () => 'There is no such remote index.',
  REMOTE_INDEX_EXISTS: ({ name }: { name: string }) => `"${name}" already has this address and folder.`,
  REMOTE_INDEX_IS_RUNNING: () => 'A run of this remote index is in progress.',
  REMOTE_INDEX_IS_FOLLOWED: () => 'The server answers, so its run is followed until it ends.',

  // What a run is doing.
  REMOTE_WAKING: () => 'Waking its machines…',
  REMOTE_STARTING: () => 'Asking the server to start…',
  REMOTE_WAITING_FOR_SERVER: () => 'Waiting for the server to answer…',
  REMOTE_RUNNING: ({ processed, total, found }: { processed: number; total: number; found: boolean }) =>
    `${total === 0 ? 'Running' : `${formatCount(processed)} of ${plural(total, 'file')}`}${found ? ', started by another program' : ''}`,
  REMOTE_CANCELLING: () => 'Cancelling…',
  REMOTE_SILENT: ({ reason }: { reason: Text }) => `No answer, so its state is unknown. ${reason}`,

  // Why it has no answer, or which one.
  REMOTE_NO_ANSWER: ({ host }: { host: string }) => `${host} did not answer in time.`,
  REMOTE_NO_CONNECTION: ({ host }: { host: string }) => `${host} does not accept connections.`,
  REMOTE_NAME_UNKNOWN: ({ host }: { host: string }) => `The name ${host} could not be found.`,
  REMOTE_ELSEWHERE: ({ host, to }: { host: string; to: string | null }) =>
    `${host} redirects to ${to ?? 'another address'}, which is not followed.`,
  REMOTE_STATUS: ({ host, status, said }: { host: string; status: number; said: string }) =>
    `${host} answered with status ${status}${said === '' ? '.' : `: ${said}`}`,
  REMOTE_REFUSED: ({ host, sent }: { host: string; sent: boolean }) =>
    sent ? `${host} refused the key.` : `${host} asks for a key.`,
  REMOTE_JOB_ERROR: ({ said }: { said: string }) => `The run failed on the server: ${said}`,

  // What a machine is kept on for, and the activity log.
  REMOTE_INDEXING: ({ name }: { name: string }) => `indexing "${name}" on its server`,
  REMOTE_INDEX_ADDED: ({ name }: { name: string }) => `Remote index "${name}" added.`,
  REMOTE_INDEX_REMOVED: ({ name }: { name: string }) => `Remote index "${name}" removed.`,
  REMOTE_INDEX_FINISHED: ({ name, indexed }: { name: string; indexed: number | null }) =>
    `"${name}" was indexed on its server${indexed === null ? '.' : `: ${plural(indexed, 'file')}.`}`,
  REMOTE_INDEX_RUN_FAILED: ({ name, reason }: { name: string; reason: Text }) =>
    `Indexing "${name}" on its server failed: ${reason}`,
  REMOTE_INDEX_CANCELLED: ({ name }: { name: string }) => `Indexing "${name}" on its server was cancelled.`,
  REMOTE_INDEX_FORGOTTEN: ({ name }: { name: string }) =>
    `"${name}" is no longer followed; its server did not answer.`,
  REMOTE_INDEX_SILENT: ({ name }: { name: string }) =>
    `The server of "${name}" has not answered for a while. Its machines are no longer kept awake; the run is followed again when it answers.`,
};
