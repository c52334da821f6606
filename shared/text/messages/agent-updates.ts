/** Updating agents from the panel. */
export const agentUpdateMessages = {
  AGENT_UPDATE_TOO_OLD: ({ version }: { version: string }) =>
    `Agent ${version} can't be updated from here yet. Install it once more on that machine.`,
  AGENT_UPDATE_NOT_READ: () => 'Waiting for the agent to say how it is updated.',
  AGENT_UPDATE_WAKING: () => 'Waiting for its machine to start.',
  AGENT_UPDATE_ASLEEP: () => 'Its machine is off. Wake it, or choose to update it when it is next on.',
  AGENT_UPDATE_UNREACHED: () => 'Waiting for the agent to answer.',
  AGENT_UPDATE_NO_FILE: ({ system }: { system: string }) => `The release here has no agent for ${system}.`,
  AGENT_UPDATE_BY_PACKAGE: () => 'Its package manager updates it.',
  AGENT_UPDATE_BY_IMAGE: () => 'It runs in a container: pull the new image and start it again.',
  AGENT_UPDATE_BY_INSTALL: () =>
    'It runs with a Node of its own: copy the new agent.mjs to that machine and run its install command again.',
  AGENT_UPDATE_BY_SOURCE: () => 'It runs from source: get the new source on that machine and start it again.',
  AGENT_UPDATE_BY_HOST: () => 'It is part of another program, which updates it.',
  AGENT_UPDATE_BY_OTHER: ({ way }: { way: string }) => `It is updated in another way: ${way}.`,
  AGENT_UPDATE_LEASED: ({ holder, purpose }: { holder: string; purpose: string }) =>
    `Waits for the lease of ${holder}: ${purpose}.`,
  AGENT_UPDATE_BUSY: ({ reason }: { reason: string }) => `Waits: ${reason}`,
  AGENT_UPDATE_STARTING: () => 'It is starting another version.',
  AGENT_NO_RELEASE: () => 'There is no release with agents beside this program.',
  AGENT_UPDATED: ({ node, from, to }: { node: string; from: string; to: string }) =>
    `The agent of ${node} was updated from ${from} to ${to}.`,
  AGENT_NOT_UPDATED: ({ node, to, reason }: { node: string; to: string; reason: string }) =>
    `The agent of ${node} was not updated to ${to}: ${reason}`,
  AGENT_PUT_BACK: ({ version, code }: { version: string; code: string }) =>
    `Version ${version} did not run well there (${code}), so the agent went back to the version before.`,
  AGENT_NOT_BACK: ({ version }: { version: string }) =>
    `The agent did not come back with version ${version}.`,
};
