/** The state of one node's shutdown. */
import type { Trouble } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { Timer } from '../ports/time.ts';
import type { ShutdownRequest } from './send-shutdown.ts';

export interface ShutdownState {
  countdown: { shown: NonNullable<NodePower['countdown']>; request: ShutdownRequest; timer: Timer } | null;
  lastOffError: Trouble | null;
  keptOn: boolean;
  /** A request is being handled. */
  busy: boolean;
  /** The last check of its use after a countdown, during which it can still be cancelled. */
  lastCheck: { force: boolean; cancelled: boolean } | null;
}

export const freshState = (): ShutdownState => ({
  countdown: null,
  lastOffError: null,
  keptOn: false,
  busy: false,
  lastCheck: null,
});
