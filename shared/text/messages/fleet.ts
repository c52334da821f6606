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

  SIMULATION_NOT_STARTED: () => 'The simulated fleet could not be started.',
  SIMULATION_NOT_STOPPED: () => 'The simulated fleet could not be stopped.',
};
