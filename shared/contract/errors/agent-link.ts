/** Errors of reaching an agent and pairing with it. */
import type { Catalogue } from './entry.ts';

export const agentLinkErrors = {
  NOT_AN_AGENT: {
    message: 'The server at this address is not a Pilotlight agent.',
    next: 'Check the address and port; an agent listens on 8765 or 9753.',
    status: 502,
  },
  AGENT_REFUSED: {
    message: 'The agent rejected the token.',
    next: 'Pair it again: run `agent.mjs pair` on that machine.',
    status: 502,
  },
  AGENT_ERROR: {
    message: 'The agent could not do that.',
    next: 'Check its log on that machine.',
    status: 502,
  },
  NO_AGENT: {
    message: 'This node has no agent.',
    next: 'Start the agent on that machine and pair it.',
    status: 409,
  },
  BAD_PAIRING: {
    message: 'This is neither a pairing line nor a six-digit code.',
    next: 'Copy the line that `agent.mjs pair` shows, or enter the address and the code.',
    status: 400,
  },
} as const satisfies Catalogue;
