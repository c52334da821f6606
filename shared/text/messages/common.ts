import { sentences } from '../grammar.ts';

/** Messages of no domain. */
export const commonMessages = {
  /** Text that Pilotlight did not write: a person's, another program's, or an older version's. */
  TEXT: ({ text }: { text: string }) => text,
  /** A coded error, as it was reported. */
  ERROR: ({ message, next }: { code: string; message: string; next: string }) => sentences(message, next),
};
