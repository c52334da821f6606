/** Everything that is checked before a move changes anything on the server. */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { DescribedModel, VramShortage } from '../../../shared/models/placement.ts';
import { canonicalName, placementOf, sameModelName } from '../fleet/model-placement.ts';
import { contextToSend, defaultContextLength, predictSize, vramState } from './fit.ts';
import {
  keepAliveSeconds,
  type MoveDependencies,
  type MovePlan,
  type MoveRequest,
  type MoveResult,
  placementOrNull,
  type Snapshot,
} from './move.ts';
import { locationMessage, shortageMessage } from './move-message.ts';
import { type Room, roomOnGpu } from './room.ts';
import { contradicts } from './verify.ts';

export type Prepared =
  /** There is nothing to do, or nothing may be done. */
  | { kind: 'done'; result: MoveResult }
  /** `waited`: requests had to finish first, so the snapshot is out of date. */
  | { kind: 'go'; plan: MovePlan; waited: boolean };

export async function prepareMove(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Snapshot,
  signal: AbortSignal,
): Promise<Prepared> {
  const { node, model, target, by } = request;
  const { current } = before;
  const early = alreadyPlaced(request, before) ?? forbidden(deps, request, before);
  if (early) return { kind: 'done', result: early };

  const described = await describe(request, signal);
  const contextLength = contextToSend({
    loadedContext: current?.contextLength ?? null,
    trainedContext: described?.contextLength ?? null,
    totalVramBytes: node.vram.totalBytes,
  });
  const common = {
    keepAliveSeconds: current ? keepAliveSeconds(current, deps.clock.now()) : null,
    ...(contextLength === undefined ? {} : { contextLength }),
  };
  const cpuByModelfile = described?.gpuLayers === 0;
  const refuse = (code: ErrorCode, reason: Message): Prepared => ({
    kind: 'done',
    result: refusal(before, code, reason),
  });
  const go = async (victims: readonly string[], plan: MovePlan): Promise<Prepared> => {
    const concerned = [model, ...victims];
    await deps.holdBack(concerned);
    const waited = concerned.some((name) => deps.inFlight(name) > 0);
    if (await deps.drain(concerned, signal)) return { kind: 'go', plan, waited };
    const models = concerned.filter((name) => deps.inFlight(name) > 0);
    return refuse('MODEL_BUSY', fact('ANSWERING_REQUESTS', { models }));
  };

  if (target === 'cpu') return go([], { unloadFirst: false, options: { layers: 'cpu', ...common } });

  if (cpuByModelfile && by !== 'person') return refuse('PINNED', fact('MODELFILE_KEEPS_ON_CPU'));
  const room = measureRoom(deps, request, before, described);
  const short = request.anyway ? null : noRoom(request, before, room);
  if (short) return { kind: 'done', result: short };
  const victims = victimsOf(room);
  const isPinned = (name: string) => deps.pinned.has(canonicalName(name));
  const kept = victims.filter((name) => isPinned(name) || (by === 'optimizer' && deps.isPriority(name)));
  if (kept.length > 0) {
    const models = { models: kept };
    return refuse(
      'PINNED',
      kept.every(isPinned) ? fact('WOULD_UNLOAD_PINNED', models) : fact('WOULD_UNLOAD_PRIORITY', models),
    );
  }

  const proven = room.kind === 'fits' && room.measured && !deps.explicitFailed;
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
  deps: Pick<MoveDependencies, 'lastSizeBytes' | 'inFlight'>,
  { node, model }: Pick<MoveRequest, 'node' | 'model'>,
  before: Snapshot,
  described: DescribedModel | null,
): Room {
  const { current, gpus } = before;
  const installed = node.installed.find((entry) => sameModelName(entry.name, model));
  return roomOnGpu({
    size: predictSize({
      measuredBytes: current?.sizeBytes ?? deps.lastSizeBytes,
      fileBytes: installed?.sizeBytes ?? null,
      described,
      contextLength: current?.contextLength ?? defaultContextLength(node.vram.totalBytes),
    }),
    vram: vramState({ gpus: gpus ?? [], vram: node.vram, loaded: before.loaded }),
    gpus,
    own: current,
    others: before.loaded.filter((other) => !sameModelName(other.name, model)),
    inFlight: deps.inFlight,
  });
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

function refusal(before: Snapshot, code: ErrorCode, reason: Message): MoveResult {
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

function forbidden(deps: MoveDependencies, request: MoveRequest, before: Snapshot): MoveResult | null {
  const { model, target } = request;
  const node = request.node.name;
  if (deps.pinned.has(canonicalName(model))) {
    return refusal(before, 'PINNED', fact('PINNED_UNPIN_FIRST', { node }));
  }
  if (target === 'gpu' && request.node.hasGpu === false) {
    return refusal(before, 'NO_GPU', fact('NODE_HAS_NO_GPU', { node }));
  }
  const stuck = deps.blocked();
  return stuck === null ? null : refusal(before, 'SERVER_BUSY', fact('LOADS_BLOCKED', { stuck, node }));
}

/** The server's description of the model; null if it has none, since the server then chooses the layers. */
async function describe(request: MoveRequest, signal: AbortSignal): Promise<DescribedModel | null> {
  try {
    return await request.server.describe(request.model, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'SERVER_ERROR') return null;
    throw error;
  }
}
