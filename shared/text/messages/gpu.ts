import { formatMemory } from '../../units.ts';
import { list, sentences } from '../grammar.ts';
import { endProcesses, leftBehindName } from '../left-behind.ts';

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

  REQUEST_LOAD_ENDED_ON_CPU: ({ model }: { model: string }) =>
    `A request loaded ${model}, and it ended on the CPU although enough VRAM is free.`,

  // Runners that outlived their server.
  NO_PROCESSES_REPORTED: () => 'No agent reports which processes use the GPU.',
  NOTHING_LEFT_BEHIND: () => 'Every runner in VRAM belongs to the Ollama that runs.',
  RUNNERS_LEFT_BEHIND: ({
    processes,
  }: {
    processes: readonly { pid: number; name: string; bytes: number | null }[];
  }) =>
    `${list(
      processes.map(({ pid, name, bytes }) => {
        const held = bytes === null ? 'VRAM' : `${formatMemory(bytes)} of VRAM`;
        return `${leftBehindName(name, pid)} holds ${held}`;
      }),
    )}.`,

  // The fix.
  RESTART_IF_GPU_STAYS_AWAY: () =>
    'Its driver may need a minute after waking up; then restart Ollama. If the GPU stays missing, restart the machine.',
  RESTART_OLLAMA_FOR_GPU: () =>
    'Restart Ollama there, so that it detects its GPU again. If it does not, restart the machine.',
  RESTART_OLLAMA_BY_HAND: ({ here, agent }: { here: boolean; agent: boolean }) =>
    sentences(
      `Restart Ollama ${here ? 'on this computer' : 'there'}, so that it detects its GPU again: \`sudo systemctl restart ollama\`, or quit its app and open it.`,
      agent ? 'Its agent is not allowed to do that.' : null,
    ),
  END_PROCESSES: ({ pids }: { pids: readonly number[] }) => endProcesses(pids),
  CHECK_GPU_AFTER_RESTART: () =>
    'Ollama was restarted since. Force a model to the GPU to check it; if it ends on the CPU again, reload the GPU driver or restart the machine.',
};
