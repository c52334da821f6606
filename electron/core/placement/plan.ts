/** What the optimizer would do with each model of a node, and why. Pure: nothing is asked, nothing moves. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { Explanation, InstalledModel, ModelOnNode } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { formatAgo, formatDuration, formatMemory, formatPercent, plural } from '../../../shared/units.ts';
import { canonicalName, matchesPriority, sameModelName } from '../fleet/model-placement.ts';
import { predictSize, vramState } from './fit.ts';
import { type ModelHistory, NO_HISTORY, quietUntil } from './move-history.ts';
import { listNames, shortageSentence } from './move-message.ts';
import { type Room, roomOnGpu } from './room.ts';

/** A tag that was loaded within this time counts as in use. */
const SIBLING_WINDOW_MS = 10 * 60_000;
/** A server that lost its GPU is believed so for this long, unless it is seen to be started again. */
const GPU_LOST_WINDOW_MS = 6 * 60 * 60_000;

export interface PlanInput {
  now: number;
  node: NodeView;
  /** What its own tools read; empty where none does. */
  gpus: readonly GpuReading[];
  priorityModels: readonly string[];
  /** Canonical names that are pinned on this node. */
  pinned: ReadonlySet<string>;
  /** Requests of Pilotlight's own in flight. */
  inFlight: (model: string) => number;
  /** The model that is being moved on this node now. */
  moving: string | null;
  /** Why no load may be sent to the node now; null when it may. */
  blocked: string | null;
  history: (model: string) => ModelHistory | undefined;
  /** Since when the model was seen where it is now; null when it was never seen before. */
  placedSince: (model: string) => number | null;
  /** When a model was last seen loaded; null for never. */
  lastLoadedAt: (model: string) => number | null;
  /** How long a model must have been seen in one place, milliseconds. */
  settleMs: number;
}

export interface Decision {
  explanation: Explanation;
  /** Whether the optimizer would move it now. */
  move: boolean;
  /** When it is worth looking again, where waiting alone changes the answer. */
  lookAgainAt: number | null;
}

/** One decision for each loaded model; models without priority come last. */
export function planNode(input: PlanInput): Decision[] {
  return input.node.loaded
    .map((model) => decide(input, model))
    .sort((one, other) => Number(isListed(other)) - Number(isListed(one)));
}

function isListed(decision: Decision): boolean {
  return decision.explanation.code !== 'NOT_PRIORITY';
}

/** The decision for one model by name, loaded or not. */
export function explainModel(input: PlanInput, name: string): Decision {
  const model = input.node.loaded.find((loaded) => sameModelName(loaded.name, name));
  return model ? decide(input, model) : explainAbsent(input, name);
}

type Code = Explanation['code'];
interface Answer {
  code: Code;
  reason: string;
  next?: string;
  right?: boolean;
  evicts?: string[];
  move?: boolean;
  lookAgainAt?: number;
}

function explainAbsent(input: PlanInput, name: string): Decision {
  const { node } = input;
  const answer: Answer = isServing(node.state)
    ? {
        code: 'NOT_LOADED',
        right: true,
        reason: `It is not loaded on ${node.name}. The optimizer loads nothing by itself.`,
        next: 'Force it to the GPU to load it there.',
      }
    : notServing(node);
  return toDecision(node, name, null, null, answer);
}

function notServing(node: NodeView): Answer {
  const asleep = node.state === 'off' || node.state === 'unknown';
  return {
    code: 'NODE_NOT_SERVING',
    reason: `${node.name} does not serve now, so nobody can say where its models are.`,
    next: asleep && node.canWake ? 'Wake it.' : 'Wait until it serves.',
  };
}

function decide(input: PlanInput, model: ModelOnNode): Decision {
  const priority = matchesPriority(model.name, input.priorityModels);
  const wanted = priority && input.node.hasGpu !== false ? 'gpu' : null;
  return toDecision(input.node, model.name, model.placement, wanted, answerFor(input, model, priority));
}

function toDecision(
  node: NodeView,
  name: string,
  placement: Explanation['placement'],
  wanted: Explanation['wanted'],
  answer: Answer,
): Decision {
  return {
    explanation: {
      nodeId: node.id,
      model: name,
      placement,
      wanted,
      right: answer.right ?? false,
      reason: answer.reason,
      evicts: answer.evicts ?? [],
      next: answer.next ?? null,
      code: answer.code,
    },
    move: answer.move ?? false,
    lookAgainAt: answer.lookAgainAt ?? null,
  };
}

function whereItIs(model: ModelOnNode): string {
  if (model.placement === 'partial') return `Only ${formatPercent(model.gpuShare)} of it is on the GPU`;
  return model.placement === 'cpu' ? 'It is on the CPU' : 'It is on the GPU';
}

function answerFor(input: PlanInput, model: ModelOnNode, priority: boolean): Answer {
  const { node, now } = input;
  const where = whereItIs(model);
  if (!isServing(node.state)) return notServing(node);
  if (model.placement === 'gpu') return { code: 'RIGHT', right: true, reason: 'It is wholly on the GPU.' };
  if (input.pinned.has(canonicalName(model.name))) {
    return {
      code: 'PINNED',
      right: true,
      reason: `${where}, and a person pinned it there.`,
      next: 'Take the pin off to let it move.',
    };
  }
  if (node.hasGpu === false) {
    return { code: 'NO_GPU', right: true, reason: `${where}: ${node.name} has no GPU.` };
  }
  if (!priority) {
    return {
      code: 'NOT_PRIORITY',
      right: true,
      reason: `${where}. It is not a priority model, so it stays where it is.`,
      next: 'Add it to the priority models, or force it to the GPU.',
    };
  }
  if (input.moving !== null) {
    const itself = sameModelName(input.moving, model.name);
    return {
      code: 'BUSY',
      reason: itself
        ? 'It is being moved now.'
        : `${where}. ${input.moving} is being moved on ${node.name} first.`,
    };
  }
  if (input.blocked !== null) {
    return { code: 'BUSY', reason: `${where}. ${input.blocked}`, next: `Restart Ollama on ${node.name}.` };
  }
  return waitingAnswer(input, model, where, now) ?? fitAnswer(input, model, where);
}

function waitingAnswer(input: PlanInput, model: ModelOnNode, where: string, now: number): Answer | null {
  const history = input.history(model.name) ?? NO_HISTORY;
  if (
    history.gpuNotUsedAt !== null &&
    now - history.gpuNotUsedAt < GPU_LOST_WINDOW_MS &&
    model.placement === 'cpu'
  ) {
    return {
      code: 'GPU_LOST',
      reason: `${where}. A load for the GPU ended on the CPU ${formatAgo(now - history.gpuNotUsedAt)} though nothing was in its way: the server does not see the GPU, so another move is futile.`,
      next:
        input.node.hasGpu === true
          ? `Restart Ollama on ${input.node.name}; after a sleep, reload the GPU driver first.`
          : `If ${input.node.name} has a GPU, restart Ollama there; if not, set its VRAM to 0.`,
    };
  }
  if (history.retryAt > now) {
    return {
      code: 'BACKING_OFF',
      reason: `${where}. The last ${history.failures === 1 ? 'move' : plural(history.failures, 'move')} failed: ${history.lastReason} The next try is in ${formatDuration(history.retryAt - now)}.`,
      lookAgainAt: history.retryAt,
    };
  }
  const quiet = quietUntil(history, 'gpu');
  if (quiet && quiet.at > now) {
    const who = history.movedBy === 'person' ? 'A person' : 'Pilotlight';
    const ago = formatAgo(now - (history.movedAt ?? now));
    return {
      code: 'BACKING_OFF',
      reason: `${where}. ${who} moved it to the ${history.movedTo === 'cpu' ? 'CPU' : 'GPU'} ${ago}${quiet.why === 'reversal' ? '' : ' and it did not stay there'}; it is left alone for ${formatDuration(quiet.at - now)}.`,
      next:
        quiet.why === 'reversal'
          ? 'Pin it to keep it there for good.'
          : 'See what reloads it: a request with another num_ctx loses the placement.',
      lookAgainAt: quiet.at,
    };
  }
  const since = input.placedSince(model.name) ?? now;
  if (now - since < input.settleMs) {
    return {
      code: 'SETTLING',
      reason: `${where}, seen there for ${formatDuration(now - since)}; it is moved only after ${formatDuration(input.settleMs)}.`,
      lookAgainAt: since + input.settleMs,
    };
  }
  const requests = input.inFlight(model.name);
  if (requests > 0) {
    return { code: 'BUSY', reason: `${where}, and it is answering ${plural(requests, 'request')}.` };
  }
  const sibling = activeSibling(input, model);
  if (sibling !== null) {
    return {
      code: 'SIBLING_TAG',
      reason: `${where}. ${sibling} has the same weights and is in use too: the two cannot be loaded together, so a move would not last.`,
      next: 'Use one of the two names.',
    };
  }
  return null;
}

function fitAnswer(input: PlanInput, model: ModelOnNode, where: string): Answer {
  const { node } = input;
  const fit = roomFor(input, model);
  if (fit.kind === 'unknown') {
    const atRisk = node.loaded.filter(
      (other) =>
        !sameModelName(other.name, model.name) && other.vramBytes > 0 && isProtected(input, other.name),
    );
    if (atRisk.length > 0) {
      return {
        code: 'VRAM_UNKNOWN',
        reason: `${where}. Nobody knows how much VRAM ${node.name} has, and a move could push out ${listNames(atRisk.map((other) => other.name))}.`,
        next: `Tell the VRAM size of ${node.name}, or force the model.`,
      };
    }
    return {
      code: 'VRAM_UNKNOWN',
      reason: `${where}. Nobody knows how much VRAM ${node.name} has, so the server itself chooses: it is unloaded and loaded again.`,
      move: true,
    };
  }
  if (fit.kind === 'taken' || fit.kind === 'too-large') {
    const taken = fit.kind === 'taken';
    return {
      code: taken ? 'VRAM_TAKEN' : 'DOES_NOT_FIT',
      reason: `${where}. ${shortageSentence(node.name, fit.shortage)}`,
      next: taken
        ? 'Close that program and the optimizer will move it, or force it anyway.'
        : 'Choose a smaller model, a shorter context, or force it anyway.',
    };
  }
  if (fit.victims.length === 0) {
    return {
      code: 'FITS',
      reason: `${where}, and it fits: it needs ${formatMemory(fit.neededBytes)}, and ${formatMemory(fit.freeBytes)} of VRAM are free.`,
      move: true,
    };
  }
  const reason = `${where}. It needs ${formatMemory(fit.neededBytes)}, and ${formatMemory(fit.freeBytes)} of VRAM are free; a move unloads ${listNames(fit.victims)}`;
  const kept = fit.victims.filter((victim) => isProtected(input, victim));
  if (kept.length > 0) {
    return {
      code: 'FITS_BY_EVICTION',
      reason: `${reason}, and ${listNames(kept)} must stay: ${kept.length === 1 ? 'it is' : 'they are'} pinned or a priority too.`,
      next: `Unload ${listNames(kept)} by hand, or force the model.`,
      evicts: fit.victims,
    };
  }
  const busy = fit.victims.filter((victim) => input.inFlight(victim) > 0);
  if (busy.length > 0) {
    return { code: 'BUSY', reason: `${reason}, which is answering requests.`, evicts: fit.victims };
  }
  return { code: 'FITS_BY_EVICTION', reason: `${reason}.`, evicts: fit.victims, move: true };
}

function roomFor(input: PlanInput, model: ModelOnNode): Room {
  return roomOnGpu({
    size: predictSize({
      measuredBytes: model.sizeBytes,
      fileBytes: null,
      described: null,
      contextLength: model.contextLength,
    }),
    vram: vramState({ vram: input.node.vram, loaded: input.node.loaded, gpus: input.gpus }),
    gpus: input.gpus,
    own: model,
    others: input.node.loaded.filter((other) => !sameModelName(other.name, model.name)),
    inFlight: input.inFlight,
  });
}

function isProtected(input: PlanInput, name: string): boolean {
  return input.pinned.has(canonicalName(name)) || matchesPriority(name, input.priorityModels);
}

/** Another tag on the same weights that is in use, by name; null when there is none. */
function activeSibling(input: PlanInput, model: ModelOnNode): string | null {
  const installed = input.node.installed.find((entry) => sameModelName(entry.name, model.name));
  const used = (name: string) => {
    const last = input.lastLoadedAt(name);
    return input.inFlight(name) > 0 || (last !== null && input.now - last < SIBLING_WINDOW_MS);
  };
  for (const other of input.node.installed) {
    if (sameModelName(other.name, model.name)) continue;
    const same =
      (other.digest !== '' && other.digest === model.digest) ||
      (installed !== undefined && sameWeights(installed, other));
    if (same && used(other.name)) return other.name;
  }
  return null;
}

/** Tags on one blob differ in their own digest, but not in any of these. */
function sameWeights(one: InstalledModel, other: InstalledModel): boolean {
  return (
    one.sizeBytes === other.sizeBytes &&
    one.family === other.family &&
    one.parameterSize === other.parameterSize &&
    one.quantization === other.quantization
  );
}
