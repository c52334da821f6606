import { formatDuration } from '../../units.ts';
import { list, sentences } from '../grammar.ts';

interface Tools {
  /** Sentences of the tools themselves. */
  problems: readonly string[];
}

const ollamaThere = (button: boolean) =>
  `Ollama there${button ? ' (its page has a button for that)' : ''}, so that it detects its GPU again. If this happens with every boot, make its service start after the GPU driver.`;

/** A diagnosis: the inference server and the GPU. */
export const diagnosisServerMessages = {
  // Its port.
  THIS_NODE_HAS_NO_SERVER: () => 'The node has no Ollama server.',
  PORT_OPEN: ({ port }: { port: number }) => `Port ${port} accepts connections.`,
  PORT_CLOSED_HERE: ({ port }: { port: number }) => `Nothing listens on port ${port} of this computer.`,
  START_OLLAMA_HERE: () => 'Start Ollama: open its app, or run `ollama serve`.',
  PORT_CLOSED_TO_NETWORK: ({ port }: { port: number }) =>
    `Ollama runs there, but does not listen on port ${port} of the network.`,
  MAKE_OLLAMA_LISTEN: () => 'Set OLLAMA_HOST=0.0.0.0 for Ollama there, then start it again.',
  OLLAMA_NOT_RUNNING: () => 'Ollama is not running there.',
  START_OLLAMA_SERVICE: () => 'Start it there: run `systemctl start ollama`, or open its app.',
  PORT_CLOSED: ({ port }: { port: number }) => `The machine is on, but nothing listens on port ${port}.`,
  PORT_SILENT: ({ port }: { port: number }) => `The machine answers, but not on port ${port}.`,
  OPEN_PORT: ({ port }: { port: number }) =>
    `Its firewall may block it: allow TCP port ${port} from this network.`,

  // Its server.
  PORT_NOT_OPEN: () => 'Its port accepts no connections.',
  SERVER_ANSWERS: (answer: { product?: string; version: string | null; tookMs: number }) =>
    `${sentences(answer.product ?? 'Ollama', answer.version)} answers, in ${formatDuration(answer.tookMs)}.`,
  SERVER_IS_SILENT: () => 'Ollama does not answer.',

  // Whether its tools detect a GPU.
  NO_GPU: ({ problems }: Tools) => sentences('It has no GPU.', ...problems),
  NO_GPU_DETECTED: ({ problems }: Tools) => sentences('No tool detects a GPU.', ...problems),
  GPU_USED_BUT_NOT_REPORTED: ({ problems }: Tools) =>
    sentences('Ollama uses its GPU, but no tool reports it.', ...problems),
  GPUS_NOT_REPORTED: () => 'Nothing reports its GPUs; an agent with the telemetry role would.',
  GPUS_NOT_YET_READ: ({ problems }: Tools) =>
    sentences('Its tools have not reported its GPUs yet; run the diagnosis again in a moment.', ...problems),
  GPUS_DETECTED: ({ gpus, problems }: Tools & { gpus: readonly string[] }) =>
    sentences(`Its tools detect ${list(gpus)}.`, ...problems),
  GPU_UNREADABLE: ({ problems }: Tools) => sentences('Its GPU cannot be read.', ...problems),
  TOOLS_DETECT_NO_GPU: ({ problems }: Tools) => sentences('Its tools do not detect its GPU.', ...problems),
  FIX_GPU_DRIVER: () =>
    "The driver may need a minute after waking up. If this continues, restart the machine or reinstall the driver; `nvidia-smi`, or your vendor's tool, must list the GPU there.",

  // Whether the server uses it.
  NO_GPU_TO_USE: () => 'It has no GPU that Ollama can use.',
  MODELS_IN_VRAM: ({ models }: { models: readonly string[] }) => `Loaded into its VRAM: ${list(models)}.`,
  GPU_FOUND_AT_START: () => 'Ollama found the GPU when it started.',
  NO_GPU_FOUND_AT_START: () => 'Ollama found no GPU when it started, and uses the CPU.',
  RESTART_TO_FIND_GPU: ({ button }: { button: boolean }) => `Restart ${ollamaThere(button)}`,
  MODELS_ON_CPU: ({ models }: { models: readonly string[] }) =>
    `${list(models)}: loaded, but only on the CPU.`,
  RESTART_UNLESS_CHOSEN: ({ button }: { button: boolean }) =>
    `If you did not choose that, restart ${ollamaThere(button)}`,
  NO_MODEL_TO_SHOW_GPU: () => 'No model is loaded that would show it, and a diagnosis loads none.',
};
