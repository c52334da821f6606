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
  AGENT_UPDATE_FAILED: {
    message: 'The agent could not be updated.',
    next: 'Read the reason. The log of the agent on that machine says more.',
    status: 502,
  },
  AGENT_RELEASE_GONE: {
    message: 'The file of the release changed or disappeared while it was used.',
    next: 'Put the release beside the program again, then try again.',
    status: 409,
  },
  AGENT_LINK_USED: {
    message: 'This address has been used, or is being used. It works for one download.',
    next: 'Get a new command in Pilotlight, under Settings → Agents.',
    status: 410,
  },
  AGENT_UPDATES_RUN: {
    message: 'Agents are being updated already.',
    next: 'Wait until that ends, or cancel it.',
    status: 409,
  },
  NO_AGENT_RELEASE: {
    message: 'There is no signed release with agents here.',
    next: 'Put the files of a release into the folder that the guide names, then check again.',
    status: 409,
  },
} as const satisfies Catalogue;
