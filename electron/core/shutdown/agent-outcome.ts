/** What an agent says of an action that did not come to pass, for people. Pure. */
import { errorCatalogue } from '../../../shared/contract/errors.ts';
import type { Trouble } from '../../../shared/models/fleet.ts';
import type { AgentOutcome } from '../ports/agents.ts';

/** Why it could not, and the next step; null where nothing failed. */
export function outcomeTrouble({ outcome, reason, code, next }: AgentOutcome): Trouble | null {
  if (outcome === 'dry-run') {
    return {
      code: 'AGENT_ERROR',
      message: 'Its agent only shows what it would run: it was started with --dry-run.',
      next: 'Start it there without that.',
    };
  }
  if (outcome !== 'failed') return null;
  return {
    code: code ?? 'AGENT_ERROR',
    message: `Its agent says: ${sentence(reason ?? errorCatalogue.AGENT_ERROR.message)}`,
    next: next ?? errorCatalogue.AGENT_ERROR.next,
  };
}

/** Why it stays on, one sentence. */
export function outcomeWords({ outcome, reason }: AgentOutcome): string {
  if (outcome === 'cancelled' && reason?.startsWith('by ') === true) return `Cancelled ${sentence(reason)}`;
  return sentence(reason ?? 'Its agent did not carry it out');
}

function sentence(words: string): string {
  const line = words.replaceAll(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
