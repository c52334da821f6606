/** What is kept of one node while it is asked to go off. */
import type { Trouble } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { Timer } from '../ports/time.ts';
import type { OffRequest } from './send-shutdown.ts';

export interface OffState {
  countdown: { shown: NonNullable<NodePower['countdown']>; request: OffRequest; timer: Timer } | null;
  lastOffError: Trouble | null;
  keptOn: boolean;
  /** Between a request and its answer. */
  asking: boolean;
  /** After a countdown, while its use is checked once more: it can still be called off. */
  lastCheck: { force: boolean; calledOff: boolean } | null;
}

export const freshState = (): OffState => ({
  countdown: null,
  lastOffError: null,
  keptOn: false,
  asking: false,
  lastCheck: null,
});
