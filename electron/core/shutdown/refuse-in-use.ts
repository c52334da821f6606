import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { ShutdownRequest } from './send-shutdown.ts';

/**
 * Call it right before acting, after the last await. `unknownUse` is why the check found out nothing, or null. Throws
 * IN_USE unless the request is forced, and always if the request is no longer due.
 */
export function refuseIfInUse(
  { nodeId, force, isStillDue }: ShutdownRequest,
  reasonsOf: (nodeId: string) => Message[],
  unknownUse: Message | null,
): void {
  const reasons = force ? [] : reasonsOf(nodeId);
  const unknown = force ? null : unknownUse;
  if (reasons.length > 0 || unknown !== null) {
    throw new PilotlightError('IN_USE', {
      message: fact('IN_USE_BECAUSE', { reasons, unknown }),
      reasons: unknown === null ? reasons : [...reasons, unknown],
      details: { nodeId },
    });
  }
  if (isStillDue?.() === false) {
    throw new PilotlightError('IN_USE', {
      message: fact('MAY_NOT_POWER_OFF'),
      reasons: [],
      details: { nodeId },
    });
  }
}
