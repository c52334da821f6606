/** Errors of different versions, and of updating an agent: of the agent, and passed on by the core. */
import type { Catalogue } from './entry.ts';

export const agentUpdateErrors = {
  PANEL_TOO_OLD: {
    message: 'The agent is newer than this Pilotlight, and no longer understands it.',
    next: 'Update Pilotlight on this computer.',
    status: 426,
  },
  AGENT_TOO_OLD: {
    message: 'The agent is too old for this Pilotlight.',
    next: 'Install the agent on that machine again, from this version.',
    status: 426,
  },
  AGENT_UPDATE_NOT_HERE: {
    message: 'This agent is not updated by panels.',
    next: 'Update it the same way it was installed.',
    status: 501,
  },
  AGENT_UPDATE_NOT_SIGNED: {
    message: 'The release has no valid signature, so none of it was used.',
    next: 'Get the release again from where Pilotlight is published.',
    status: 403,
  },
  AGENT_UPDATE_UNREADABLE: {
    message: 'This agent cannot read the manifest of the release.',
    next: 'Install the agent on that machine again, from the new version.',
    status: 422,
  },
  AGENT_UPDATE_NOT_NEWER: {
    message: 'The agent has this version or a newer one; it never goes back.',
    next: 'No action is needed.',
    status: 409,
  },
  AGENT_UPDATE_NOT_FOR_THIS: {
    message: 'The release has nothing for this agent.',
    next: 'Check that it has a file for this system and processor, and which version it needs first.',
    status: 409,
  },
  AGENT_UPDATE_DAMAGED: {
    message: 'The file that arrived does not match the release.',
    next: 'Send it again. If that fails, get the release again.',
    status: 422,
  },
  AGENT_UPDATE_OUT_OF_STEP: {
    message: 'The agent expected another part of the file, or none at all.',
    next: 'Read its state, and continue from what it has received.',
    status: 409,
  },
  AGENT_UPDATE_NOT_READY: {
    message: 'No new version is ready on that machine.',
    next: 'Send it first.',
    status: 409,
  },
} as const satisfies Catalogue;
