import { list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** What becomes of machines. */
export const fleetMessages = {
  NODE_IN_TROUBLE: ({ node }: { node: string }) => `${node} is in trouble.`,
  NODE_DROPPED_OUT: ({ node }: { node: string }) => `${node} dropped out.`,
  NODE_DROPPED_OUT_IN_USE: ({ node, uses }: { node: string; uses: readonly Text[] }) =>
    `${node} dropped out while in use: ${list(uses)}.`,
  NODE_RECOVERED: ({ node }: { node: string }) => `${node} works again.`,
  NODE_CAME_BACK: ({ node }: { node: string }) => `${node} is back.`,
  MISSED_CHECKS: ({ checks, reason }: { checks: number; reason: Text | null }) =>
    sentences(`It missed ${checks} checks in a row.`, reason),

  NOTHING_ANSWERS: () => 'Nothing answers there.',

  OLLAMA_HERE_IN_TROUBLE: () => 'Ollama on this computer is in trouble.',
  OLLAMA_HERE_STOPPED: () => 'Ollama on this computer stopped.',
  OLLAMA_HERE_RECOVERED: () => 'Ollama on this computer works again.',
  OLLAMA_HERE_ANSWERS: () => 'Ollama on this computer answers.',

  // What a probe found.
  NO_SERVER_ON_PORT: () => 'The machine is on, but no server answers on that port.',
  START_OLLAMA: () => 'Start Ollama there, and let it listen on the network: OLLAMA_HOST=0.0.0.0.',
  SERVER_SILENT: () => 'The machine accepts the connection, but its server does not answer.',
  RESTART_OLLAMA: () => 'It may be overloaded or stuck; if it stays so, restart Ollama there.',
  NO_AGENT_ON_PORT: () => 'The machine is on, but no agent answers on that port.',
  START_AGENT: () => 'Start the agent there, and let it listen on the network: --bind with its address.',
  AGENT_CONNECTION_SILENT: () => 'The machine accepts the connection, but its agent does not answer.',
  RESTART_AGENT: () => 'If it stays so, restart the agent there.',

  SIMULATION_NOT_STARTED: () => 'The simulated fleet could not be started.',
  SIMULATION_NOT_STOPPED: () => 'The simulated fleet could not be stopped.',
};
