/** Errors of tasks, their queues and their workers. */
import type { Catalogue } from './entry.ts';

export const taskErrors = {
  QUEUE_UNREACHABLE: {
    message: 'The server of the task queue cannot be reached.',
    next: 'Check that Redis or Valkey runs at the address in Settings → Tasks. Tasks wait until it answers.',
    status: 503,
  },
  TASK_QUEUE_FULL: {
    message: 'The task queue has no space left.',
    next: 'Free space on the disk, or give Redis more memory. Nothing was changed.',
    status: 507,
  },
  QUEUE_OLD_SERVER: {
    message: 'The server of the task queue is too old.',
    next: 'Use Redis 6.2 or newer, or Valkey.',
    status: 409,
  },
  QUEUE_FOREIGN: {
    message: 'Keys of another program are in the way of the task queue.',
    next: 'Give Pilotlight a database of its own, such as redis://HOST:6379/1.',
    status: 409,
  },
  FIELD_WRONG: {
    message: 'A field of the request is wrong.',
    next: 'Correct the named field and send it again.',
    status: 422,
  },
  TASK_LEASE_LOST: {
    message: 'This worker no longer has the task.',
    next: 'Nothing is wrong with the task: another worker has it, or it was cancelled.',
    status: 409,
  },
  FILE_OUTSIDE_FOLDER: {
    message: 'This file is not inside the shared folder.',
    next: 'Use a path inside it, without ".." and without links that lead out.',
    status: 400,
  },
  CHECKSUM_MISMATCH: {
    message: 'The file did not arrive as it was sent.',
    next: 'Send it again.',
    status: 422,
  },
  UPLOAD_TOO_LARGE: {
    message: 'The file is too large.',
    next: 'Raise the limit in Settings → Tasks, or put the file into the shared folder.',
    status: 413,
  },
  LINK_EXPIRED: {
    message: 'This link has expired.',
    next: 'Ask for a new one. Links are valid for a few minutes only.',
    status: 410,
  },
  WORKER_VERSION: {
    message: 'This worker has another version than Pilotlight.',
    next: 'Update the older of the two.',
    status: 409,
  },
  CLOCK_WRONG: {
    message: "The worker's clock differs from this computer's by more than five minutes.",
    next: 'Set the clock of that machine, for example with NTP.',
    status: 409,
  },
  NOT_A_TASK_SERVER: {
    message: 'Something answers there, but it does not hand out tasks.',
    next: 'Use the address of Pilotlight from Settings → Tasks, such as http://HOST:8780.',
    status: 502,
  },
  HANDLER_MISSING: {
    message: 'No worker can work on this kind of content.',
    next: 'Run "pilotlight worker check" on a worker: it says what is missing.',
    status: 501,
  },
  HANDLER_DIED: {
    message: 'The process that worked on the task ended unexpectedly.',
    next: 'Try again. If it stays so, the log of the task says more.',
    status: 500,
  },
  TASK_TIME_LIMIT: {
    message: 'The task took longer than its time limit.',
    next: 'Raise the limit in Settings → Tasks, or split the file.',
    status: 504,
  },
  TASK_MEMORY_LIMIT: {
    message: 'The task needed more memory than its limit.',
    next: 'Raise the limit in Settings → Tasks, or split the file.',
    status: 507,
  },
  WORKER_LEFT: {
    message: 'The worker stopped reporting.',
    next: 'The task is tried again. Check that machine if it stays so.',
    status: 503,
  },
  WEBHOOK_PRIVATE: {
    message: 'A webhook may not go to an address of the own network.',
    next: 'Allow it in Settings → Tasks if it is meant.',
    status: 400,
  },
} as const satisfies Catalogue;
