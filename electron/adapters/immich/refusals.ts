/** Answers with which the door refuses, in the shape that clients of Immich's machine learning read. */
import { immichErrors } from '../../../shared/contract/errors/immich.ts';
import { pictureErrors } from '../../../shared/contract/errors/pictures.ts';

const catalogue = { ...immichErrors, ...pictureErrors };
export type DoorRefusalCode = keyof typeof catalogue;

/** When to try again, seconds. */
const RETRY_AFTER = '30';

export class DoorRefusal extends Error {
  readonly code: DoorRefusalCode;
  readonly reason: string | null;

  constructor(code: DoorRefusalCode, reason: string | null) {
    super(reason === null ? catalogue[code].message : `${catalogue[code].message} ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

/** @param reason more of the cause: a sentence */
export const refused = (code: DoorRefusalCode, reason: string | null = null): DoorRefusal =>
  new DoorRefusal(code, reason);

export interface DoorAnswer {
  status: number;
  /** The words beside the status, which Immich writes to its log. Default: the usual ones. */
  statusText?: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

export function answerOf({ code, message }: DoorRefusal): DoorAnswer {
  const { status, next } = catalogue[code];
  return {
    status,
    statusText: message
      .replaceAll('’', "'")
      .replace(/[^ -~]+/g, ' ')
      .slice(0, 200),
    headers: {
      'content-type': 'application/json',
      ...(status === 503 ? { 'retry-after': RETRY_AFTER } : {}),
    },
    body: Buffer.from(JSON.stringify({ detail: message, code, message, next })),
  };
}
