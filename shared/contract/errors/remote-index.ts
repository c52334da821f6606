/** Errors of indexes on other servers. */
import type { Catalogue } from './entry.ts';

export const remoteIndexErrors = {
  REMOTE_INDEX_UNREACHABLE: {
    message: 'The index server does not answer.',
    next: 'Check that it runs, and its address. If it runs on a machine that sleeps, choose that machine.',
    status: 503,
  },
  REMOTE_INDEX_REFUSED: {
    message: 'The index server refused the key.',
    next: 'Enter a key that it accepts.',
    status: 502,
  },
  REMOTE_INDEX_FAILED: {
    message: 'The index server answered with an error.',
    next: 'Check its log, then try again.',
    status: 502,
  },
  NOT_A_RECALL_SERVER: {
    message: 'This is not an index server: it does not answer as a Recall server does.',
    next: 'Check the address: /index/progress must answer beneath it.',
    status: 502,
  },
  REMOTE_INDEX_BUSY: {
    message: 'A different kind of run is in progress there.',
    next: 'To follow it, start without --full or --rebuild; or wait until it has finished.',
    status: 409,
  },
  REMOTE_JOB_LOST: {
    message: 'The server no longer knows the run. It was probably restarted.',
    next: 'Start it again; what was indexed before stays there.',
    status: 502,
  },
  REMOTE_JOB_FAILED: {
    message: 'The run failed on the server.',
    next: 'Check the log of the index server, then start it again.',
    status: 502,
  },
} as const satisfies Catalogue;
