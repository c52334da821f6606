import { formatDuration } from '../../units.ts';
import { sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** Loads that do not end. */
export const loadMessages = {
  LOAD_STUCK: ({ model, ms }: { model: string; ms: number }) =>
    `${model} has been loading for ${formatDuration(ms)}. Ollama's scheduler seems to be stuck, though it answers everything else, so no more loads are sent there.`,
  LOADS_BLOCKED: ({ stuck, node }: { stuck: Text; node: string | null }) =>
    sentences(stuck, `Restart Ollama ${node === null ? 'there' : `on ${node}`}.`),
  LOADS_DO_NOT_END: ({ model }: { model: string }) =>
    `Ollama starts no more loads: ${model} has been loading for far longer than usual. Loaded models still answer; other requests go to other machines.`,
  RESTART_OLLAMA_FOR_LOADS: () => 'Restart Ollama there. Its models are unloaded.',
  RESTART_OLLAMA_FOR_LOADS_BY_HAND: ({ here, agent }: { here: boolean; agent: boolean }) =>
    sentences(
      `Restart Ollama ${here ? 'on this computer' : 'there'}: \`sudo systemctl restart ollama\`, or quit its app and open it. Its models are unloaded.`,
      agent ? 'Its agent is not allowed to do that.' : null,
    ),
  LOADS_WORK_AGAIN: ({ node }: { node: string }) => `${node} loads models again.`,
};
