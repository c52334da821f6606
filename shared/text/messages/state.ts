import { sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** The state saved on this computer. */
export const stateMessages = {
  EVENTS_NOT_SAVED: ({ reason }: { reason: Text | null }) =>
    sentences(reason, 'Some recent events could not be saved yet.'),
  EVENTS_ARE_KEPT: () =>
    'They are kept in memory while Pilotlight runs, and saved as soon as possible. Free some disk space.',
};
