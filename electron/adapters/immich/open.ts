/** Opens the door for a core. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { OpenImmichDoor } from '../../core/ports/immich-door.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { isPortTaken } from '../http/bind.ts';
import { openDoor } from './door.ts';

/** Rejects with PORT_IN_USE, or the system's error. */
export const createOpenImmichDoor =
  ({ clock, log }: { clock: Clock; log: Log }): OpenImmichDoor =>
  async (options) => {
    try {
      return await openDoor({ ...options, clock, log: log.warn });
    } catch (cause) {
      throw isPortTaken(cause) ? new PilotlightError('PORT_IN_USE', { cause }) : cause;
    }
  };
