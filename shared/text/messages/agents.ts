/** Agents, and what they report of their machines. */
export const agentMessages = {
  AGENT_DAMAGED: ({ node, text }: { node: string; text: string }) => `The agent of ${node}: ${text}`,
  AGENTS_CANNOT_ANNOUNCE: () => 'Agents cannot announce themselves.',
  AGENT_TOKEN_UNKNOWN: () => 'This panel does not have its token.',
  AGENT_ANSWERS_TOKEN_UNKNOWN: () => 'The agent answers, but this panel does not have its token.',
  AGENT_DOES_NOT_ANSWER: () => 'The agent does not answer.',
  CHECK_AGENT_RUNS: () => 'Check that it is running on that machine, and that its address is right.',
  AGENT_CONTACT_ENDED: () => 'Pilotlight is no longer connected to the agent.',
};
