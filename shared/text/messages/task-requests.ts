import { formatBytes, plural } from '../../units.ts';
import { list } from '../grammar.ts';

/** Requests of other programs that queue tasks. */
export const taskRequestMessages = {
  FIELD_NO_FLAG: ({ field, value }: { field: string; value: string }) =>
    `"${field}" must be true or false, not "${value}".`,
  FIELD_NO_JSON: ({ field }: { field: string }) => `"${field}" must be a JSON object.`,
  FIELD_NO_TEXT: ({ field, longest }: { field: string; longest: number }) =>
    `"${field}" must be text of at most ${longest} characters.`,
  FIELD_NO_NUMBER: ({ field, value }: { field: string; value: string }) =>
    `"${field}" must be a whole number, not "${value}".`,
  FIELD_NO_RANGE: ({ field }: { field: string }) => `"${field}" does not fit the body of the request.`,
  FIELD_NO_LIST: ({ field, most }: { field: string; most: number }) =>
    `"${field}" must be a list of 1 to ${most} items.`,
  FIELD_NO_CONTENT_TYPE: ({
    field,
    value,
    known,
  }: {
    field: string;
    value: string;
    known: readonly string[];
  }) => `"${field}" is "${value}", which is none of ${list(known)}.`,
  FIELD_MISSING: ({ field }: { field: string }) => `"${field}" is missing.`,
  FIELD_TOO_LONG: ({ field, limit }: { field: string; limit: number }) =>
    `"${field}" is too long (limit ${formatBytes(limit)}).`,
  FIELD_TWICE: ({ field }: { field: string }) => `"${field}" may be sent only once.`,
  FORM_TOO_MANY_FIELDS: ({ most }: { most: number }) => `The form has more than ${most} fields.`,
  FORM_BROKEN: () => 'The form is not valid multipart/form-data, or ended early.',
  UPLOAD_LIMIT: ({ limitBytes }: { limitBytes: number }) =>
    `The file is too large (limit ${formatBytes(limitBytes)}).`,
  UPLOAD_IN_USE: () => 'A task works on this file.',
  RESULT_OUT_OF_ORDER: ({ received }: { received: number }) =>
    `The next byte that is missing is ${received}.`,

  // What a program is answered.
  FILE_QUEUED: ({ name }: { name: string }) => `"${name}" is in the queue.`,
  ADDRESS_QUEUED: ({ url }: { url: string }) => `${url} is in the queue.`,
  BATCH_QUEUED: ({ count }: { count: number }) =>
    `${plural(count, 'task')} ${count === 1 ? 'is' : 'are'} in the queue.`,
  TASK_WAS_CANCELLED: ({ id }: { id: string }) => `Task ${id} is cancelled.`,
  TASK_HAD_ENDED: ({ id }: { id: string }) => `Task ${id} had ended already.`,
  RESULT_RECEIVED: () => 'The result has arrived.',
  TASK_CANCELLED_BEFORE: () => 'The task was cancelled.',
  TASKS_PORT_TAKEN: ({ port }: { port: number }) =>
    `Tasks from other computers cannot arrive: port ${port} is in use by another program.`,
  TASKS_PORT_FAILED: ({ port, problem }: { port: number; problem: string }) =>
    `Tasks from other computers cannot arrive: port ${port} cannot be opened (${problem}).`,
  TASKS_PORT_NEXT: () => 'Choose another port in Settings → Tasks, or end the other program.',
};
