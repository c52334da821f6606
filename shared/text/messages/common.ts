import { sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** Messages of no domain. */
export const commonMessages = {
  /** Text that Pilotlight did not write: a person's, another program's, or an older version's. */
  TEXT: ({ text }: { text: string }) => text,
  /** A coded error, as it was reported. */
  ERROR: ({ message, next }: { code: string; message: string; next: string }) => sentences(message, next),
  /** Several sentences. */
  SENTENCES: ({ parts }: { parts: readonly Text[] }) => sentences(...parts),

  WEBHOOK_FAILED: () => 'The webhook did not accept the message.',
  WEBHOOK_STATUS: ({ status }: { status: number }) => `It answered with status ${status}.`,
};
