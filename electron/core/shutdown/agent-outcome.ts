/** How an agent explains an action that it did not carry out. Pure. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Trouble } from '../../../shared/models/fleet.ts';
import { fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { AgentOutcome } from '../ports/agents.ts';
import { troubleOf } from '../runtime/trouble.ts';

/** Why it failed, and the next step; null if nothing failed. */
export function outcomeTrouble({ outcome, reason, code, next }: AgentOutcome): Trouble | null {
  if (outcome === 'dry-run') {
    return troubleOf(
      new PilotlightError('AGENT_ERROR', {
        message: fact('AGENT_DRY_RUN'),
        next: fact('START_WITHOUT_DRY_RUN'),
      }),
    );
  }
  if (outcome !== 'failed') return null;
  const said = reason === null ? {} : { message: fact('AGENT_SAYS', { text: sentence(reason) }) };
  const trouble = troubleOf(new PilotlightError('AGENT_ERROR', said));
  return { ...trouble, code: code ?? trouble.code, next: next ?? trouble.next };
}

/** Why it stays on. For a cancellation the agent's reason is `by NAME`. */
export function whyNotDone({ outcome, reason }: AgentOutcome): Message {
  if (outcome === 'cancelled' && reason?.startsWith('by ') === true)
    return fact('CANCELLED_BY', { by: reason.slice(3) });
  return reason === null ? fact('AGENT_DID_NOT_ACT') : plainText(sentence(reason));
}

function sentence(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
