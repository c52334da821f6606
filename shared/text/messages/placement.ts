import { formatDuration, formatMemory, formatPercent } from '../../units.ts';
import { clause, ended, list, sentences } from '../grammar.ts';
import { leftBehindName } from '../left-behind.ts';
import type { Text } from '../types.ts';

type Side = 'gpu' | 'cpu';
type Placement = Side | 'partial';

/** Where a model is loaded. Bytes. */
interface Located {
  placement: Placement;
  vramBytes: number;
  sizeBytes: number;
  /** Share of the model in VRAM, 0 to 1. */
  gpuShare: number;
}

/** Why a model does not fit into the VRAM of a node. Bytes. */
interface Shortage {
  node: string;
  neededBytes: number;
  /** Measured with the model loaded, instead of computed. */
  measured: boolean;
  totalBytes: number;
  /** The most that unloading models can free. */
  availableBytes: number;
  /** Other programs, the largest first; `name` is null if the program is unknown. */
  holders: readonly Holder[];
}
interface Holder {
  name: string | null;
  bytes: number;
  /** The process id of a runner that outlived its server. */
  leftBehind?: number | undefined;
}

const places: Readonly<Record<Placement, string>> = {
  gpu: 'on the GPU',
  partial: 'partly on the GPU',
  cpu: 'on the CPU',
};
const sides: Readonly<Record<Side, string>> = { gpu: 'GPU', cpu: 'CPU' };

const wereOrWas = (names: readonly string[]) => (names.length === 1 ? 'was' : 'were');
const areOrIs = (names: readonly string[]) => (names.length === 1 ? 'is' : 'are');

const mostNamed = 3;

/** `python3 uses 74 GB and other programs use 1.2 GB` */
function holdersText(holders: readonly Holder[]): string {
  const named = holders.flatMap(({ name, bytes, leftBehind }) =>
    name === null
      ? []
      : [{ name: leftBehind === undefined ? name : leftBehindName(name, leftBehind), bytes }],
  );
  const shown = named.slice(0, mostNamed);
  const rest = [...named.slice(mostNamed), ...holders.filter(({ name }) => name === null)];
  const parts = shown.map(({ name, bytes }) => `${name} uses ${formatMemory(bytes)}`);
  if (rest.length > 0) {
    const who = shown.length === 0 ? 'programs other than Ollama' : 'other programs';
    parts.push(`${who} use ${formatMemory(rest.reduce((sum, { bytes }) => sum + bytes, 0))}`);
  }
  return list(parts);
}

/** Where models are loaded, and moves between GPU and CPU. */
export const placementMessages = {
  MODEL_LOCATION: ({ placement, vramBytes, sizeBytes, gpuShare }: Located) =>
    ({
      gpu: `It is entirely on the GPU, using ${formatMemory(vramBytes)} of VRAM.`,
      partial: `Only ${formatPercent(gpuShare)} of it is on the GPU: ${formatMemory(vramBytes)} of ${formatMemory(sizeBytes)}.`,
      cpu: 'It is on the CPU.',
    })[placement],
  VRAM_SHORTAGE: ({ node, neededBytes, measured, totalBytes, availableBytes, holders }: Shortage) => {
    const needed = `${measured ? '' : 'about '}${formatMemory(neededBytes)}`;
    const most = `${formatMemory(availableBytes)} of the ${formatMemory(totalBytes)} on ${node}`;
    const users = holders.length === 0 ? '' : `: ${holdersText(holders)}`;
    return `It needs ${needed} of VRAM, but at most ${most} can be freed${users}.`;
  },

  // What was done, in the activity.
  MODEL_MOVED: ({ model, node, placement }: { model: string; node: string; placement: Placement | null }) =>
    placement === null ? `${model} was loaded on ${node}.` : `${model} is ${places[placement]} of ${node}.`,
  MODEL_NOT_MOVED: ({ model, node, target }: { model: string; node: string; target: Side }) =>
    `${model} was not moved to the ${sides[target]} of ${node}.`,
  MODEL_MOVE_FAILED: ({ model, node, target }: { model: string; node: string; target: Side }) =>
    `${model} could not be moved to the ${sides[target]} of ${node}.`,
  MODELS_LOST_BY_MOVE: ({ models, node }: { models: readonly string[]; node: string }) =>
    `A failed move unloaded ${list(models)} on ${node}.`,
  MODEL_UNLOADED: ({ model, node }: { model: string; node: string }) => `${model} was unloaded from ${node}.`,
  MODEL_PINNED: ({ model, node }: { model: string; node: string }) => `${model} was pinned on ${node}.`,
  MODEL_UNPINNED: ({ model, node }: { model: string; node: string }) => `${model} was unpinned on ${node}.`,
  MODEL_DOES_NOT_LOAD: ({ model, node }: { model: string; node: string | null }) =>
    `${model} does not load on ${node ?? 'a removed machine'}.`,

  // How a move ended.
  MOVED_TO_GPU: ({ location, evicted }: { location: Text; evicted: readonly string[] }) =>
    sentences(
      location,
      evicted.length === 0 ? '' : `To make room, ${list(evicted)} ${wereOrWas(evicted)} unloaded.`,
    ),
  MOVED_TO_CPU: () => 'It is on the CPU, as requested.',
  NOT_MOVED_TO_CPU: ({ location }: { location: Text }) => sentences('It did not move to the CPU.', location),
  REST_DOES_NOT_FIT: ({ location }: { location: Text }) => sentences(location, 'The rest does not fit.'),
  LOADED_ON_CPU_INSTEAD: ({ node, contradicted }: { node: string; contradicted: boolean }) =>
    sentences(
      contradicted
        ? 'The server reports it on the GPU, but the VRAM in use did not rise, so it runs on the CPU.'
        : 'The server accepted the load but put the model on the CPU.',
      `Restart Ollama on ${node}: it may have started before its GPU driver, or lost the GPU during sleep.`,
    ),
  LOADED_ON_CPU_FOR_WANT_OF_VRAM: () => 'The server put it on the CPU, because too little VRAM was free.',
  LOADED_ON_CPU_SOMEHOW: ({ node }: { node: string }) =>
    `The server accepted the load but put the model on the CPU. It is unknown how much VRAM is free on ${node}: other programs may use it, or Ollama has no GPU there.`,
  VRAM_USED_BY: ({ holders }: { holders: readonly Holder[] }) =>
    `At that moment, ${holdersText(holders)} of VRAM.`,
  GPU_CLAIM_CONTRADICTED: ({ node, usedBytes }: { node: string; usedBytes: number }) =>
    sentences(
      `The server reports it on the GPU, but only ${formatMemory(usedBytes)} of VRAM is in use, so it runs on the CPU.`,
      `Restart Ollama on ${node}.`,
    ),
  LOADED_MODEL_MISSING: () => 'The server reported the model as loaded, but it is not.',
  NOT_UNLOADED_WITHIN: ({ ms }: { ms: number }) =>
    `The server did not unload it within ${formatDuration(ms)}. It may be answering other requests.`,
  MOVE_CANCELLED: () => 'It was cancelled.',
  /** An error, and the text of the server that caused it. */
  SERVER_FAILURE: ({ error, server }: { error: Text; server: string }) =>
    error.includes(server) ? ended(error) : sentences(ended(error), `The server says: ${ended(server)}`),

  // What a move that failed left behind.
  MOVE_UNDONE: ({ reason, state }: { reason: Text; state: readonly Text[] }) => sentences(reason, ...state),
  STILL_THERE: ({ placement }: { placement: Placement }) => `It is ${places[placement]}, as before.`,
  MODELS_RELOADED: ({ models }: { models: readonly string[] }) =>
    `${list(models)} ${wereOrWas(models)} loaded again.`,
  LESS_ON_GPU: ({ model, location }: { model: string; location: Text }) =>
    sentences(`${model} has less on the GPU than before.`, location),
  MODELS_NOT_RELOADED: ({ models }: { models: readonly { name: string; failure: Text | null }[] }) =>
    sentences(
      `${list(models.map(({ name }) => name))} could not be loaded again.`,
      ...models.map(({ name, failure }) => (failure === null ? '' : `${name}: ${failure}`)),
    ),
  UNKNOWN_WHETHER_LOADED: ({ models, failure }: { models: readonly string[]; failure: Text }) =>
    models.length === 0
      ? failure
      : `It is unknown whether ${list(models)} ${areOrIs(models)} still loaded: ${clause(failure)}.`,

  // Why a model is not moved.
  NODE_HAS_NO_GPU: ({ node }: { node: string }) => `${node} has no GPU.`,
  MODELFILE_KEEPS_ON_CPU: () =>
    'Its Modelfile sets num_gpu 0, which keeps it on the CPU. You can still force it to the GPU.',
  ENDED_ON_CPU_BEFORE: ({ node }: { node: string }) =>
    `The last load for the GPU ended on the CPU, and ${node} is not known to have a GPU.`,
  NODE_HAS_NO_SERVER: ({ node }: { node: string }) => `${node} has no inference server.`,
  SERVER_CANNOT_MOVE: ({ node }: { node: string }) => `The server on ${node} cannot move models.`,
  PINNED_UNPIN_FIRST: ({ node }: { node: string }) => `It is pinned on ${node}. Unpin it first.`,
  PINNED_SO_NOT_MOVED: () => 'It is pinned, so it was not moved.',
  WOULD_UNLOAD_PINNED: ({ models }: { models: readonly string[] }) =>
    `It would unload ${list(models)}, which ${areOrIs(models)} pinned. Unpin ${models.length === 1 ? 'it' : 'them'} first.`,
  WOULD_UNLOAD_PRIORITY: ({ models }: { models: readonly string[] }) =>
    `It would unload ${list(models)}, but pinned and priority models are not unloaded for others.`,
  ANSWERING_REQUESTS: ({ models }: { models: readonly string[] }) =>
    `${list(models)} ${areOrIs(models)} answering requests, so nothing was changed.`,
  NODE_ASLEEP_WAKE_FIRST: ({ node }: { node: string }) => `${node} is not serving. Wake it first.`,
  MOVE_RUNNING: ({ model, node }: { model: string; node: string | null }) =>
    `${model} is being moved on ${node ?? 'this machine'}.`,
  STOPPED_SERVING: ({ node }: { node: string }) => `${node} stopped serving during the move.`,

  // Why a server or model cannot be used.
  NODE_NOT_SERVING: ({ node }: { node: string }) => `${node} is not serving.`,
  NODE_UNAVAILABLE: ({ node }: { node: string }) => `${node} cannot be used right now.`,
  NO_NODE_HAS_MODEL: ({ model }: { model: string }) => `No known machine has ${model}.`,
  MODEL_NOT_ON_NODE: ({ model, node }: { model: string; node: string }) => `${model} is not on ${node}.`,
  MODEL_NOT_LOADED_ON: ({ model, node }: { model: string; node: string }) =>
    `${model} is not loaded on ${node}.`,
  MODEL_IS_PINNED_ON: ({ model, node }: { model: string; node: string }) => `${model} is pinned on ${node}.`,
  LOADED_BUT_NOT_THERE: ({ model, node }: { model: string; node: string }) =>
    `${model} was loaded on ${node}, but it is not there.`,
};
