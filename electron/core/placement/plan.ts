/** What the optimizer would do with each model of a node, and why. Pure. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Explanation, ModelOnNode, MoveRecord } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { canonicalName, isPriority, matchesPriority, sameModelName } from '../fleet/model-placement.ts';
import { usesOf } from './decide-move.ts';
import { predictSize, vramState } from './fit.ts';
import { GPU_NOT_USED_WINDOW_MS, isFutile } from './futile.ts';
import type { OtherUse } from './move.ts';
import { type ModelHistory, NO_HISTORY, quietUntil } from './move-history.ts';
import { shortageMessage } from './move-message.ts';
import { type Room, roomOnGpu } from './room.ts';
import { activeSibling } from './siblings.ts';

export interface PlanInput {
  now: number;
  node: NodeView;
  /** Readings of its own tools; empty if there are none. */
  gpus: readonly GpuReading[];
  priorityModels: readonly string[];
  /** Canonical names of the models pinned on this node. */
  pinned: ReadonlySet<string>;
  /** Pilotlight's own requests in flight. */
  inFlight: (model: string) => number;
  /** Those of them that the gateway sent, which a move can hold back. Left out for none. */
  fromGateway?: (model: string) => number;
  /** What other panels are known to use on this node. Left out for nothing. */
  usedByOthers?: readonly OtherUse[];
  /** The model that is being moved on this node; null if none is. */
  moving: string | null;
  /** Why the node takes no more loads; null if it does. */
  blocked: Message | null;
  history: (model: string) => ModelHistory | undefined;
  /** Since when the model has been where it is now; null if it has not been seen before. */
  placedSince: (model: string) => number | null;
  /** When a model was last loaded; null for never. */
  lastLoadedAt: (model: string) => number | null;
  /** Its last move, if that failed or was refused and nothing has loaded it again since. Left out for none. */
  lastFailure?: (model: string) => MoveRecord | null;
  /** Whether its Modelfile keeps a model from being entirely on the GPU. Left out for no. */
  keptByModelfile?: (model: Pick<ModelOnNode, 'digest' | 'placement'>) => boolean;
  /** How long a model must have been in one place, milliseconds. */
  settleMs: number;
}

export interface Decision {
  explanation: Explanation;
  /** Whether the optimizer would move it now. */
  move: boolean;
  /** When waiting alone changes the decision, so that it is worth checking again; null if it never does. */
  checkAgainAt: number | null;
}

/** One decision for each loaded model. Models without priority come last. */
export function planNode(input: PlanInput): Decision[] {
  return input.node.loaded
    .map((model) => decide(input, model))
    .sort((one, other) => Number(isListed(other)) - Number(isListed(one)));
}

function isListed(decision: Decision): boolean {
  return decision.explanation.code !== 'NOT_PRIORITY';
}

/** The decision for one model by name, loaded or not, whatever happened to it before. */
export function decideByName(input: PlanInput, name: string): Decision {
  const model = input.node.loaded.find((loaded) => sameModelName(loaded.name, name));
  return model ? decide(input, model) : explainAbsent(input, name);
}

type Code = Explanation['code'];
interface Answer {
  code: Code;
  reason: Message;
  next?: Message;
  right?: boolean;
  evicts?: string[];
  move?: boolean;
  checkAgainAt?: number;
}

function explainAbsent(input: PlanInput, name: string): Decision {
  const { node } = input;
  const answer: Answer = isServing(node.state)
    ? {
        code: 'NOT_LOADED',
        right: true,
        reason: fact('NOT_LOADED_ON', { node: node.name }),
        next: fact('FORCE_TO_LOAD'),
      }
    : notServing(node);
  return toDecision(node, name, null, null, answer);
}

function notServing(node: NodeView): Answer {
  const asleep = node.state === 'off' || node.state === 'unknown';
  return {
    code: 'NODE_NOT_SERVING',
    reason: fact('LOCATION_UNKNOWN', { node: node.name }),
    next: asleep && node.canWake ? fact('WAKE_IT') : fact('WAIT_UNTIL_SERVING'),
  };
}

function decide(input: PlanInput, model: ModelOnNode): Decision {
  const priority = isPriority(model, input.node.installed, input.priorityModels);
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
    checkAgainAt: answer.checkAgainAt ?? null,
  };
}

type Place = Pick<ModelOnNode, 'placement' | 'gpuShare'>;

function answerFor(input: PlanInput, model: ModelOnNode, priority: boolean): Answer {
  const { node, blocked } = input;
  const place: Place = { placement: model.placement, gpuShare: model.gpuShare };
  if (!isServing(node.state)) return notServing(node);
  if (model.placement === 'gpu') return { code: 'RIGHT', right: true, reason: fact('ALL_ON_GPU') };
  if (input.pinned.has(canonicalName(model.name))) {
    return { code: 'PINNED', right: true, reason: fact('STAYS_PINNED', place), next: fact('UNPIN_TO_MOVE') };
  }
  if (node.hasGpu === false) {
    return { code: 'NO_GPU', right: true, reason: fact('STAYS_WITHOUT_GPU', { ...place, node: node.name }) };
  }
  if (!priority) {
    return {
      code: 'NOT_PRIORITY',
      right: true,
      reason: fact('STAYS_NO_PRIORITY', place),
      next: fact('MAKE_PRIORITY_OR_FORCE'),
    };
  }
  if (input.keptByModelfile?.(model)) {
    return {
      code: 'PINNED',
      right: true,
      reason: fact('STAYS_BY_MODELFILE', place),
      next: fact('CHANGE_MODELFILE_OR_FORCE'),
    };
  }
  if (input.moving !== null) {
    const reason = sameModelName(input.moving, model.name)
      ? fact('IS_BEING_MOVED')
      : fact('WAITS_FOR_MOVE', { ...place, model: input.moving, node: node.name });
    return { code: 'BUSY', reason };
  }
  if (blocked !== null) {
    return {
      code: 'BUSY',
      reason: fact('WAITS_FOR_LOADS', { ...place, stuck: blocked }),
      next: fact('RESTART_OLLAMA_ON', { node: node.name }),
    };
  }
  return (
    lostGpuAnswer(input, model, place) ??
    afterMovesAnswer(input, model, place) ??
    settlingAnswer(input, model, place) ??
    inUseAnswer(input, model, place) ??
    fitAnswer(input, model, place)
  );
}

/** Without its GPU, moving is futile. A restart, or a long time, may have brought it back. */
function lostGpuAnswer({ now, node }: PlanInput, model: ModelOnNode, place: Place): Answer | null {
  const { gpuLost } = node;
  if (gpuLost === null || model.placement !== 'cpu' || !isFutile(gpuLost, now)) return null;
  return {
    code: 'GPU_LOST',
    reason: fact('GPU_IS_LOST', { ...place, reason: gpuLost.reason }),
    next: gpuLost.next,
  };
}

/** What the history of its moves says. */
function afterMovesAnswer(input: PlanInput, model: ModelOnNode, place: Place): Answer | null {
  const { now, node } = input;
  const history = input.history(model.name) ?? NO_HISTORY;
  const { gpuNotUsedAt, retryAt, failures, lastReason, movedAt, movedTo } = history;
  if (gpuNotUsedAt !== null && now - gpuNotUsedAt < GPU_NOT_USED_WINDOW_MS && model.placement === 'cpu') {
    return {
      code: 'BACKING_OFF',
      reason: fact('GPU_NOT_DETECTED', { ...place, agoMs: now - gpuNotUsedAt }),
      next:
        node.hasGpu === true
          ? fact('RESTART_OLLAMA_AFTER_DRIVER', { node: node.name })
          : fact('RESTART_OLLAMA_OR_SET_NO_VRAM', { node: node.name }),
    };
  }
  if (retryAt > now) {
    return {
      code: 'BACKING_OFF',
      reason: fact('BACKS_OFF', { ...place, failures, reason: lastReason, retryMs: retryAt - now }),
      checkAgainAt: retryAt,
    };
  }
  const quiet = quietUntil(history, 'gpu');
  if (quiet === null || quiet.at <= now) return null;
  const lasted = quiet.why === 'reversal';
  return {
    code: 'BACKING_OFF',
    reason: fact('MOVED_LATELY', {
      ...place,
      by: history.movedBy === 'person' ? 'person' : 'pilotlight',
      to: movedTo === 'cpu' ? 'cpu' : 'gpu',
      agoMs: now - (movedAt ?? now),
      lasted,
      restMs: quiet.at - now,
    }),
    next: lasted ? fact('PIN_TO_KEEP') : fact('FIND_WHAT_RELOADS'),
    checkAgainAt: quiet.at,
  };
}

function settlingAnswer(input: PlanInput, model: ModelOnNode, place: Place): Answer | null {
  const { now, settleMs } = input;
  const since = input.placedSince(model.name) ?? now;
  if (now - since >= settleMs) return null;
  return {
    code: 'SETTLING',
    reason: fact('SETTLES', { ...place, seenMs: now - since, settleMs }),
    checkAgainAt: since + settleMs,
  };
}

function inUseAnswer(input: PlanInput, model: ModelOnNode, place: Place): Answer | null {
  const requests = input.inFlight(model.name) - (input.fromGateway?.(model.name) ?? 0);
  if (requests > 0) return { code: 'BUSY', reason: fact('ANSWERS_REQUESTS', { ...place, requests }) };
  const [other] = usesOf(input.usedByOthers ?? [], [model.name]);
  if (other !== undefined) {
    return { code: 'BUSY', reason: fact('ANSWERS_OTHER_PANEL', { ...place, holder: other.holder }) };
  }
  const sibling = activeSibling(input, model);
  if (sibling === null) return null;
  return {
    code: 'SIBLING_TAG',
    reason: fact('SAME_WEIGHTS_IN_USE', { ...place, model: sibling }),
    next: fact('USE_ONE_NAME'),
  };
}

function fitAnswer(input: PlanInput, model: ModelOnNode, place: Place): Answer {
  const node = input.node.name;
  const room = roomFor(input, model);
  if (room.kind === 'unknown') return unknownVramAnswer(input, model, place);
  if (room.kind === 'taken' || room.kind === 'too-large') {
    const taken = room.kind === 'taken';
    return {
      code: taken ? 'VRAM_TAKEN' : 'DOES_NOT_FIT',
      reason: fact('HAS_NO_ROOM', { ...place, shortage: shortageMessage(node, room.shortage) }),
      next: taken ? fact('CLOSE_PROGRAM_OR_FORCE') : fact('SMALLER_OR_FORCE'),
    };
  }
  const { neededBytes, freeBytes, victims: evicts } = room;
  const figures = { ...place, neededBytes, freeBytes };
  if (evicts.length === 0) return { code: 'FITS', reason: fact('HAS_ROOM', figures), move: true };
  const kept = evicts.filter((victim) => isProtected(input, victim));
  if (kept.length > 0) {
    return {
      code: 'FITS_BY_EVICTION',
      reason: fact('WOULD_UNLOAD_KEPT', { ...figures, evicts, kept }),
      next: fact('UNLOAD_OR_FORCE', { models: kept }),
      evicts,
    };
  }
  const busy = evicts.filter((victim) => input.inFlight(victim) > 0);
  if (busy.length > 0) {
    return { code: 'BUSY', reason: fact('WOULD_UNLOAD_BUSY', { ...figures, evicts, busy }), evicts };
  }
  const [other] = usesOf(input.usedByOthers ?? [], evicts);
  if (other !== undefined) {
    const reason = fact('WOULD_UNLOAD_OF_PANEL', { ...figures, evicts, holder: other.holder });
    return { code: 'BUSY', reason, evicts };
  }
  return {
    code: 'FITS_BY_EVICTION',
    reason: fact('WOULD_UNLOAD', { ...figures, evicts }),
    evicts,
    move: true,
  };
}

/** The server decides where to load the model, unless that could unload a protected one. */
function unknownVramAnswer(input: PlanInput, model: ModelOnNode, place: Place): Answer {
  const node = input.node.name;
  const models = input.node.loaded
    .filter((other) => !sameModelName(other.name, model.name))
    .filter((other) => other.vramBytes > 0 && isProtected(input, other.name))
    .map((other) => other.name);
  if (models.length === 0) {
    return { code: 'VRAM_UNKNOWN', reason: fact('VRAM_UNKNOWN_RELOAD', { ...place, node }), move: true };
  }
  return {
    code: 'VRAM_UNKNOWN',
    reason: fact('VRAM_UNKNOWN_AT_RISK', { ...place, node, models }),
    next: fact('ENTER_VRAM_OR_FORCE', { node }),
  };
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
  const loaded = input.node.loaded.find((model) => sameModelName(model.name, name));
  const priority = loaded
    ? isPriority(loaded, input.node.installed, input.priorityModels)
    : matchesPriority(name, input.priorityModels);
  return priority || input.pinned.has(canonicalName(name));
}
