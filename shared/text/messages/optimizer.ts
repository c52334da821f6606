import { formatAgo, formatDuration, formatMemory, formatPercent, plural } from '../../units.ts';
import { clause, list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

type Side = 'gpu' | 'cpu';

/** Where a model is loaded. */
interface Place {
  placement: Side | 'partial';
  /** Share of the model in VRAM, 0 to 1. */
  gpuShare: number;
}

/** The start of each explanation: `It is on the CPU`. */
function at({ placement, gpuShare }: Place): string {
  if (placement === 'partial') return `Only ${formatPercent(gpuShare)} of it is on the GPU`;
  return placement === 'cpu' ? 'It is on the CPU' : 'It is on the GPU';
}

interface Room extends Place {
  neededBytes: number;
  freeBytes: number;
}
interface Eviction extends Room {
  /** Models that a move would unload. */
  evicts: readonly string[];
}

const wouldUnload = ({ neededBytes, freeBytes, evicts, ...place }: Eviction) =>
  `${at(place)}. It needs ${formatMemory(neededBytes)}, and ${formatMemory(freeBytes)} of VRAM is free. A move would unload ${list(evicts)}`;

/** What the optimizer found, and what it would do with a model. */
export const optimizerMessages = {
  // What a check found.
  NOT_CHECKED_YET: () => 'Not checked yet.',
  NOTHING_TO_CHECK: () => 'No machine whose models can be moved is serving.',
  MODELS_CHECKED: ({
    nodes,
    moved,
    failed,
    waiting,
    right,
    named = [],
  }: {
    nodes: number;
    moved: number;
    failed: number;
    waiting: number;
    right: number;
    /** Models that are not entirely on a GPU, and why. */
    named?: readonly { model: string; node: string; why: Text }[];
  }) => {
    const parts = [
      moved > 0 ? `${plural(moved, 'model')} moved to the GPU` : '',
      failed > 0 ? `${plural(failed, 'model')} could not be moved` : '',
      waiting > 0 ? `${plural(waiting, 'model')} not moved for now` : '',
      right > 0 ? `${plural(right, 'model')} already in place` : '',
    ].filter((part) => part !== '');
    const found = parts.length === 0 ? 'no priority model is loaded' : parts.join(', ');
    const placed = named.map(({ model, node, why }) => `${model} on ${node}: ${clause(why)}.`);
    return sentences(`Checked ${plural(nodes, 'machine')}: ${found}.`, ...placed);
  },

  // A priority model that fell to the CPU.
  MODEL_FELL_TO_CPU: ({ model, node }: { model: string; node: string }) =>
    `${model} is on the CPU of ${node}.`,
  RELOADED_WITHOUT_GPU: ({ before }: { before: 'gpu' | 'partial' }) =>
    `It was ${before === 'gpu' ? '' : 'partly '}on the GPU before: another program loaded it again without the GPU.`,
  LOADED_WITHOUT_GPU: ({ node }: { node: string }) =>
    `${node} has a GPU, but the model was loaded on the CPU.`,

  // Why a model is where it is.
  ALL_ON_GPU: () => 'It is entirely on the GPU.',
  NOT_LOADED_ON: ({ node }: { node: string }) =>
    `It is not loaded on ${node}. The optimizer only moves models that are loaded.`,
  LOCATION_UNKNOWN: ({ node }: { node: string }) =>
    `${node} is not serving, so it is unknown where its models are.`,
  STAYS_PINNED: (place: Place) => `${at(place)}, and it is pinned there.`,
  STAYS_WITHOUT_GPU: ({ node, ...place }: Place & { node: string }) => `${at(place)}: ${node} has no GPU.`,
  STAYS_NO_PRIORITY: (place: Place) =>
    `${at(place)}. It is not a priority model, so the optimizer does not move it.`,
  IS_BEING_MOVED: () => 'It is being moved now.',
  WAITS_FOR_MOVE: ({ model, node, ...place }: Place & { model: string; node: string }) =>
    `${at(place)}. ${model} is being moved on ${node} first.`,
  WAITS_FOR_LOADS: ({ stuck, ...place }: Place & { stuck: Text }) => `${at(place)}. ${stuck}`,
  GPU_NOT_DETECTED: ({ agoMs, ...place }: Place & { agoMs: number }) =>
    `${at(place)}. A load for the GPU ended there ${formatAgo(agoMs)}: other programs used the VRAM, or Ollama has no GPU.`,
  GPU_IS_LOST: ({ reason, ...place }: Place & { reason: Text }) =>
    sentences(`${at(place)}, and a move would not help.`, reason),
  FAILED_LATELY: ({
    by,
    to,
    agoMs,
    reason,
    ...place
  }: Place & { by: 'person' | 'pilotlight'; to: Side; agoMs: number; reason: Text }) => {
    const who = by === 'person' ? 'You' : 'Pilotlight';
    const tried = `${who} tried to move it to the ${to === 'cpu' ? 'CPU' : 'GPU'} ${formatAgo(agoMs)}, and that failed.`;
    return sentences(`${at(place)}.`, tried, reason);
  },
  /** The same for a model that is not loaded. */
  LOAD_FAILED_LATELY: ({
    node,
    to,
    agoMs,
    reason,
  }: {
    node: string;
    to: Side;
    agoMs: number;
    reason: Text;
  }) =>
    sentences(
      `It is not loaded on ${node}.`,
      `The last attempt to load it on the ${to === 'cpu' ? 'CPU' : 'GPU'}, ${formatAgo(agoMs)}, failed.`,
      reason,
    ),
  STAYS_BY_MODELFILE: (place: Place) => `${at(place)}, because its Modelfile sets num_gpu.`,
  BACKS_OFF: ({
    failures,
    reason,
    retryMs,
    ...place
  }: Place & { failures: number; reason: Text | null; retryMs: number }) => {
    const moves = failures === 1 ? 'move' : plural(failures, 'move');
    return sentences(
      `${at(place)}.`,
      `The last ${moves} failed${reason === null ? '' : `: ${clause(reason)}`}.`,
      `The next attempt is in ${formatDuration(retryMs)}.`,
    );
  },
  MOVED_LATELY: ({
    by,
    to,
    agoMs,
    lasted,
    restMs,
    ...place
  }: Place & { by: 'person' | 'pilotlight'; to: Side; agoMs: number; lasted: boolean; restMs: number }) => {
    const who = by === 'person' ? 'You' : 'Pilotlight';
    const moved = `${who} moved it to the ${to === 'cpu' ? 'CPU' : 'GPU'} ${formatAgo(agoMs)}`;
    return `${at(place)}. ${moved}${lasted ? '' : ', but it did not stay there'}. It is not moved again for ${formatDuration(restMs)}.`;
  },
  SETTLES: ({ seenMs, settleMs, ...place }: Place & { seenMs: number; settleMs: number }) =>
    `${at(place)}. It has been loaded this way for ${formatDuration(seenMs)}, and is moved only after ${formatDuration(settleMs)}.`,
  ANSWERS_REQUESTS: ({ requests, ...place }: Place & { requests: number }) =>
    `${at(place)}, and it is answering ${plural(requests, 'request')}.`,
  ANSWERS_OTHER_PANEL: ({ holder, ...place }: Place & { holder: string }) =>
    `${at(place)}, and ${holder} is using it.`,
  SAME_WEIGHTS_IN_USE: ({ model, ...place }: Place & { model: string }) =>
    `${at(place)}. ${model} has the same weights and is in use, too. Only one of them can be loaded at a time, so a move would not last.`,

  // Whether it fits.
  VRAM_UNKNOWN_AT_RISK: ({ node, models, ...place }: Place & { node: string; models: readonly string[] }) =>
    `${at(place)}. The VRAM of ${node} is unknown, and a move could unload ${list(models)}.`,
  VRAM_UNKNOWN_RELOAD: ({ node, ...place }: Place & { node: string }) =>
    `${at(place)}. The VRAM of ${node} is unknown, so it is unloaded, and the server decides where to load it again.`,
  HAS_NO_ROOM: ({ shortage, ...place }: Place & { shortage: Text }) => `${at(place)}. ${shortage}`,
  HAS_ROOM: ({ neededBytes, freeBytes, ...place }: Room) =>
    `${at(place)}, but it would fit on the GPU: it needs ${formatMemory(neededBytes)}, and ${formatMemory(freeBytes)} of VRAM is free.`,
  WOULD_UNLOAD: (eviction: Eviction) => `${wouldUnload(eviction)}.`,
  WOULD_UNLOAD_BUSY: ({ busy, ...eviction }: Eviction & { busy: readonly string[] }) =>
    `${wouldUnload(eviction)}, and ${list(busy)} ${busy.length === 1 ? 'is' : 'are'} answering requests.`,
  WOULD_UNLOAD_OF_PANEL: ({ holder, ...eviction }: Eviction & { holder: string }) =>
    `${wouldUnload(eviction)}, and ${holder} is using ${eviction.evicts.length === 1 ? 'it' : 'one of them'}.`,
  WOULD_UNLOAD_KEPT: ({ kept, ...eviction }: Eviction & { kept: readonly string[] }) =>
    `${wouldUnload(eviction)}, and ${list(kept)} must stay: ${kept.length === 1 ? 'it is' : 'they are'} pinned or a priority, too.`,

  // The next step.
  FORCE_TO_LOAD: () => 'Force it to the GPU to load it there.',
  WAKE_IT: () => 'Wake it.',
  WAIT_UNTIL_SERVING: () => 'Wait until it serves.',
  UNPIN_TO_MOVE: () => 'Unpin it so that it can be moved.',
  CHANGE_MODELFILE_OR_FORCE: () => 'Remove num_gpu from its Modelfile, or force it to the GPU.',
  MAKE_PRIORITY_OR_FORCE: () => 'Add it to the priority models, or force it to the GPU.',
  RESTART_OLLAMA_ON: ({ node }: { node: string }) => `Restart Ollama on ${node}.`,
  RESTART_OLLAMA_AFTER_DRIVER: ({ node }: { node: string }) =>
    `Restart Ollama on ${node}. After sleep, reload the GPU driver first.`,
  RESTART_OLLAMA_OR_SET_NO_VRAM: ({ node }: { node: string }) =>
    `If ${node} has a GPU, restart Ollama there. If it has none, set its VRAM to 0.`,
  PIN_TO_KEEP: () => 'Pin it to keep it there.',
  FIND_WHAT_RELOADS: () =>
    'Check what loads it again: a request with a different num_ctx loses the placement.',
  USE_ONE_NAME: () => 'Use only one of the two names.',
  ENTER_VRAM_OR_FORCE: ({ node }: { node: string }) => `Enter the VRAM of ${node}, or force the model.`,
  CLOSE_PROGRAM_OR_FORCE: () =>
    'Close that program and the optimizer will move the model, or force it anyway.',
  CLOSE_PROGRAM_AND_RETRY: () => 'Close that program and try again, or force it anyway.',
  SMALLER_OR_FORCE: () => 'Choose a smaller model or a shorter context, or force it anyway.',
  UNLOAD_OR_FORCE: ({ models }: { models: readonly string[] }) =>
    `Unload ${list(models)} yourself, or force the model.`,
};
