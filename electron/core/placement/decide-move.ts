/**
 * What a move would do, decided from one reading of the server. Pure: a move and its rehearsal both use it, so that they
 * never disagree.
 */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { DescribedModel, VramShortage } from '../../../shared/models/placement.ts';
import { canonicalName, placementOf, sameModelName } from '../fleet/model-placement.ts';
import { contextToSend, defaultContextLength, predictSize, vramState } from './fit.ts';
import {
  keepAliveSeconds,
  type MovePlan,
  type MoveRequest,
  type MoveResult,
  placementOrNull,
  type Snapshot,
} from './move.ts';
import { locationMessage, shortageMessage } from './move-message.ts';
import { type Room, roomOnGpu } from './room.ts';
import { sameWeightsAs } from './siblings.ts';
import { contradicts } from './verify.ts';

/** What is known apart from the server itself. */
export interface MoveFacts {
  now: number;
  /** Canonical names of the models pinned on the node. */
  pinned: ReadonlySet<string>;
  /** Models that the optimizer must not unload, in addition to the pinned ones. */
  isPriority: (model: string) => boolean;
  /** Pilotlight's own requests in flight. */
  inFlight: (model: string) => number;
  /** Why the node takes no more loads; null if it does. */
  blocked: Message | null;
  /** An explicit number of layers ran out of memory here before. */
  explicitFailed: boolean;
  /** Bytes that the model took when it was last loaded here; null if unknown. */
  lastSizeBytes: number | null;
}

export type MoveDecision =
  /** There is nothing to do, or nothing may be done. */
  | { kind: 'done'; result: MoveResult; room: Room | null }
  /** `concerned`: their requests are held back and finished first; the model, its other tags, and what is unloaded. */
  | { kind: 'go'; plan: MovePlan; victims: readonly string[]; concerned: readonly string[] };

/** Without the description of the model: it is already there, or must not be moved. null if that is not so. */
export function decideEarly(
  facts: MoveFacts,
  request: MoveRequest,
  before: Snapshot,
): Extract<MoveDecision, { kind: 'done' }> | null {
  const result = alreadyPlaced(request, before) ?? forbidden(facts, request, before);
  return result && { kind: 'done', result, room: null };
}

/** @param described null if the server says nothing about it, and chooses the layers */
export function decideMove(
  facts: MoveFacts,
  request: MoveRequest,
  before: Snapshot,
  described: DescribedModel | null,
): MoveDecision {
  const { node, model, target, by } = request;
  const { current } = before;
  const contextLength = contextToSend({
    loadedContext: current?.contextLength ?? null,
    trainedContext: described?.contextLength ?? null,
    totalVramBytes: node.vram.totalBytes,
  });
  const common = {
    keepAliveSeconds: current ? keepAliveSeconds(current, facts.now) : null,
    ...(contextLength === undefined ? {} : { contextLength }),
  };
  const cpuByModelfile = described?.gpuLayers === 0;
  const go = (victims: readonly string[], plan: MovePlan): MoveDecision => ({
    kind: 'go',
    plan,
    victims,
    concerned: withTags(node.installed, [model, ...victims]),
  });
  const refuse = (code: ErrorCode, reason: Message, room: Room | null = null): MoveDecision => ({
    kind: 'done',
    result: refusal(before, code, reason),
    room,
  });

  if (target === 'cpu') return go([], { unloadFirst: false, options: { layers: 'cpu', ...common } });

  if (cpuByModelfile && by !== 'person') return refuse('PINNED', fact('MODELFILE_KEEPS_ON_CPU'));
  const room = measureRoom(facts, request, before, described);
  const short = request.anyway ? null : noRoom(request, before, room);
  if (short) return { kind: 'done', result: short, room };
  const victims = victimsOf(room);
  const isPinned = (name: string) => facts.pinned.has(canonicalName(name));
  const kept = victims.filter((name) => isPinned(name) || (by === 'optimizer' && facts.isPriority(name)));
  if (kept.length > 0) {
    const models = { models: kept };
    const why = kept.every(isPinned)
      ? fact('WOULD_UNLOAD_PINNED', models)
      : fact('WOULD_UNLOAD_PRIORITY', models);
    return refuse('PINNED', why, room);
  }

  const proven = room.kind === 'fits' && room.measured && !facts.explicitFailed;
  // Without a number of layers, its Modelfile would keep it on the CPU.
  const explicit = cpuByModelfile || (proven && current !== null);
  const layers = explicit && described?.blockCount != null ? described.blockCount + 1 : 'auto';
  return go(victims, {
    unloadFirst: current !== null && layers === 'auto',
    options: { layers, ...common },
    room,
    cpuByModelfile,
  });
}

/** The room for the model, by what is in use at this moment. */
export function measureRoom(
  facts: Pick<MoveFacts, 'lastSizeBytes' | 'inFlight'>,
  { node, model }: Pick<MoveRequest, 'node' | 'model'>,
  before: Snapshot,
  described: DescribedModel | null,
): Room {
  const { current, gpus } = before;
  const installed = node.installed.find((entry) => sameModelName(entry.name, model));
  return roomOnGpu({
    size: predictSize({
      measuredBytes: current?.sizeBytes ?? facts.lastSizeBytes,
      fileBytes: installed?.sizeBytes ?? null,
      described,
      contextLength: current?.contextLength ?? defaultContextLength(node.vram.totalBytes),
    }),
    vram: vramState({ gpus: gpus ?? [], vram: node.vram, loaded: before.loaded }),
    gpus,
    own: current,
    others: before.loaded.filter((other) => !sameModelName(other.name, model)),
    inFlight: facts.inFlight,
  });
}

/** A server has one runner for all tags of the same weights, so requests for any of them use it. */
export function withTags(
  installed: MoveRequest['node']['installed'],
  models: readonly string[],
): readonly string[] {
  const tags = models.flatMap((model) => sameWeightsAs(installed, model));
  return [...new Map([...tags, ...models].map((name) => [canonicalName(name), name])).values()];
}

function victimsOf(room: Room): string[] {
  if (room.kind === 'fits') return room.victims;
  return room.kind === 'unknown' ? [] : room.shortage.evicts;
}

/**
 * The refusal of a load that is known to fail; null if it may succeed. A model that is too large for the free VRAM may
 * still be loaded in part if that costs nothing: it is not loaded yet, and nothing is unloaded for it.
 */
function noRoom(request: MoveRequest, before: Snapshot, room: Room): MoveResult | null {
  if (room.kind === 'fits' || room.kind === 'unknown') return null;
  const { shortage } = room;
  const refuse = (code: ErrorCode) => ({
    ...refusal(before, code, shortageReason(request.node.name, shortage, before)),
    shortage,
  });
  if (room.kind === 'taken') return refuse('VRAM_TAKEN');
  const fileBytes =
    request.node.installed.find((entry) => sameModelName(entry.name, request.model))?.sizeBytes ?? 0;
  const tries = request.by === 'optimizer' || request.by === 'person';
  const hopeless = tries && fileBytes > shortage.totalBytes;
  if (before.current === null && shortage.evicts.length === 0 && !hopeless) return null;
  return refuse('DOES_NOT_FIT');
}

function shortageReason(node: string, shortage: VramShortage, { current }: Snapshot): Message {
  const message = shortageMessage(node, shortage);
  return current === null ? message : fact('SENTENCES', { parts: [message, locationMessage(current)] });
}

export function refusal(before: Snapshot, code: ErrorCode, reason: Message): MoveResult {
  const placement = placementOrNull(before.current);
  return { outcome: 'refused', reason, code, from: placement, to: placement, evicted: [], error: null };
}

/** The result if the model is already where it should be, unless the machine's tools contradict the server. */
function alreadyPlaced(request: MoveRequest, before: Snapshot): MoveResult | null {
  const { current } = before;
  if (!current || placementOf(current) !== request.target) return null;
  const contradicted =
    request.target === 'gpu' && contradicts({ model: current, fileBytes: null, after: before, before: null });
  const placement = placementOf(current);
  const common = { from: placement, to: placement, evicted: [], error: null };
  if (!contradicted) {
    return { ...common, outcome: 'already-right', reason: locationMessage(current), code: null };
  }
  return {
    ...common,
    outcome: 'failed',
    from: 'cpu',
    to: 'cpu',
    code: 'GPU_NOT_USED',
    reason: fact('GPU_CLAIM_CONTRADICTED', { node: request.node.name, usedBytes: before.usedBytes ?? 0 }),
  };
}

function forbidden(facts: MoveFacts, request: MoveRequest, before: Snapshot): MoveResult | null {
  const { model, target } = request;
  const node = request.node.name;
  if (facts.pinned.has(canonicalName(model))) {
    return refusal(before, 'PINNED', fact('PINNED_UNPIN_FIRST', { node }));
  }
  if (target === 'gpu' && request.node.hasGpu === false) {
    return refusal(before, 'NO_GPU', fact('NODE_HAS_NO_GPU', { node }));
  }
  const { blocked: stuck } = facts;
  return stuck === null ? null : refusal(before, 'SERVER_BUSY', fact('LOADS_BLOCKED', { stuck, node }));
}
