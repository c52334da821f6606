import { sentences } from '../grammar.ts';

/** A GPU that is lost, or there again. */
export const gpuMessages = {
  // What happened, in the activity.
  NODE_LOST_GPU: ({ node }: { node: string }) => `${node} lost its GPU.`,
  OLLAMA_HERE_LOST_GPU: () => 'Ollama on this computer lost its GPU.',
  NODE_HAS_GPU_AGAIN: ({ node }: { node: string }) => `${node} has its GPU again.`,
  OLLAMA_HERE_HAS_GPU_AGAIN: () => 'Ollama on this computer has its GPU again.',
  TOOLS_SEE_GPU_AGAIN: ({ node }: { node: string }) => `The tools of ${node} see its GPU again.`,
  TOOLS_HERE_SEE_GPU_AGAIN: () => 'The tools of this computer see its GPU again.',

  // What showed it.
  TOOLS_SEE_NO_GPU: ({ fails, problem }: { fails: boolean; problem: string }) =>
    sentences(
      `The machine is awake, but its own tools ${fails ? 'cannot read its GPU' : 'see no GPU'}.`,
      problem,
    ),
  SERVER_FOUND_NO_GPU: () => 'Ollama found no GPU when it started, so models run on the CPU.',
  LOAD_ENDED_ON_CPU: ({ model }: { model: string }) =>
    `${model} was loaded for the GPU but ended on the CPU, although nothing was in its way.`,

  // The fix.
  RESTART_IF_GPU_STAYS_AWAY: () =>
    'Its driver may need a minute after waking up; if the GPU stays missing, restart the machine.',
  RESTART_OLLAMA_FOR_GPU: () =>
    'Restart Ollama there, so that it detects its GPU again. If it does not, restart the machine.',
  RESTART_OLLAMA_BY_HAND: ({ here, agent }: { here: boolean; agent: boolean }) =>
    sentences(
      `Restart Ollama ${here ? 'on this computer' : 'there'}, so that it detects its GPU again: \`sudo systemctl restart ollama\`, or quit its app and open it.`,
      agent ? 'Its agent is not allowed to do that.' : null,
    ),
  CHECK_GPU_AFTER_RESTART: () =>
    'Ollama was restarted since. Force a model to the GPU to check it; if it ends on the CPU again, reload the GPU driver or restart the machine.',
};
