import { sentences } from '../grammar.ts';

/** Agents, and what they report of their machines. */
export const agentMessages = {
  AGENT_DAMAGED: ({ node, text }: { node: string; text: string }) => `The agent of ${node}: ${text}`,
  AGENTS_CANNOT_ANNOUNCE: () => 'Agents cannot announce themselves.',
  AGENT_TOKEN_UNKNOWN: () => 'This panel does not have its token.',
  AGENT_ANSWERS_TOKEN_UNKNOWN: () => 'The agent answers, but this panel does not have its token.',
  AGENT_DOES_NOT_ANSWER: () => 'The agent does not answer.',
  CHECK_AGENT_RUNS: () => 'Check that it is running on that machine, and that its address is right.',
  AGENT_CONTACT_ENDED: () => 'Pilotlight is no longer connected to the agent.',
  TOOLS_SEE_NO_GPU: ({ fails, problem }: { fails: boolean; problem: string }) =>
    sentences(
      `The machine is awake, but its own tools ${fails ? 'cannot read its GPU' : 'see no GPU'}.`,
      problem,
    ),
  RESTART_IF_GPU_STAYS_AWAY: () =>
    'Its driver may need a minute after waking up; if the GPU stays missing, restart the machine.',
  RESTART_OLLAMA_BY_HAND: () =>
    'Restart Ollama there, so that it detects its GPU again. Its agent is not allowed to do that.',
};
