/** Everything that must be true before a move touches the server. */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { DescribedModel } from '../../../shared/models/placement.ts';
import { formatMemory } from '../../../shared/units.ts';
import { canonicalName, placementOf, sameModelName } from '../fleet/model-placement.ts';
import { contextToSend, defaultContextLength, predictSize, vramState } from './fit.ts';
import {
  type Before,
  keepAliveSeconds,
  type MoveDependencies,
  type MoveEnd,
  type MovePlan,
  type MoveRequest,
  placementOrNull,
} from './move.ts';
import { listNames, shortageSentence, whereSentence } from './move-message.ts';
import { type Room, roomOnGpu } from './room.ts';
import { contradicts } from './verify.ts';

export type Prepared =
  | { kind: 'end'; end: MoveEnd }
  /** `waited`: requests had to end first, so what was read before is old. */
  | { kind: 'go'; plan: MovePlan; waited: boolean };

export async function prepareMove(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Before,
  signal: AbortSignal,
): Promise<Prepared> {
  const { node, model, target, by } = request;
  const { current } = before;
  const early = settledAlready(request, before) ?? forbidden(deps, request, before);
  if (early) return { kind: 'end', end: early };

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
  const refuse = (code: ErrorCode, reason: string) => refused(before, code, reason);
  const go = async (victims: readonly string[], plan: MovePlan): Promise<Prepared> => {
    const concerned = [model, ...victims];
    const waited = concerned.some((name) => deps.inFlight(name) > 0);
    if (await deps.drain(concerned, signal)) return { kind: 'go', plan, waited };
    return refuse('MODEL_BUSY', busySentence(concerned.filter((name) => deps.inFlight(name) > 0)));
  };

  if (target === 'cpu') return go([], { unloadFirst: false, options: { layers: 'cpu', ...common } });

  const room = measureRoom(deps, request, before, described);
  const short = request.anyway ? null : noRoom(request, before, room);
  if (short) return { kind: 'end', end: short };
  const victims = victimsOf(room);
  const kept = victims.filter(
    (name) => deps.pinned.has(canonicalName(name)) || (by === 'optimizer' && deps.isPriority(name)),
  );
  if (kept.length > 0) {
    return refuse(
      'PINNED',
      `It would push out ${listNames(kept)}, which must stay. Take the pin off first, or unload by hand.`,
    );
  }

  if (current === null) return go(victims, { unloadFirst: false, options: { layers: 'auto', ...common } });
  const layers =
    room.kind === 'fits' && room.measured && described?.blockCount != null && !deps.explicitFailed
      ? described.blockCount + 1
      : 'auto';
  return go(victims, { unloadFirst: layers === 'auto', options: { layers, ...common } });
}

/** The room for the model by what is in use at this moment. */
export function measureRoom(
  deps: Pick<MoveDependencies, 'lastSizeBytes' | 'inFlight'>,
  { node, model }: Pick<MoveRequest, 'node' | 'model'>,
  before: Before,
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
 * The refusal where a load is known to fail. A model that is larger than what is free may still be loaded in part
 * where that costs nothing: it is not loaded yet, and nothing is unloaded for it.
 */
function noRoom(request: MoveRequest, before: Before, room: Room): MoveEnd | null {
  if (room.kind === 'fits' || room.kind === 'unknown') return null;
  const { shortage } = room;
  const where = before.current ? ` ${whereSentence(before.current)}` : '';
  const reason = `${shortageSentence(request.node.name, shortage)}${where}`;
  if (room.kind === 'taken') return { ...refusal(before, 'VRAM_TAKEN', reason), shortage };
  const fileBytes =
    request.node.installed.find((entry) => sameModelName(entry.name, request.model))?.sizeBytes ?? 0;
  const tries = request.by === 'optimizer' || request.by === 'person';
  const hopeless = tries && fileBytes > shortage.totalBytes;
  if (before.current === null && shortage.evicts.length === 0 && !hopeless) return null;
  return { ...refusal(before, 'DOES_NOT_FIT', reason), shortage };
}

function refused(before: Before, code: ErrorCode, reason: string): Prepared {
  return { kind: 'end', end: refusal(before, code, reason) };
}

function refusal(before: Before, code: ErrorCode, reason: string): MoveEnd {
  const placement = placementOrNull(before.current);
  return { outcome: 'refused', reason, code, from: placement, to: placement, evicted: [], error: null };
}

/** A model that is where it should be is left alone, unless the machine's tools say that it is not there. */
function settledAlready(request: MoveRequest, before: Before): MoveEnd | null {
  const { current } = before;
  if (!current || placementOf(current) !== request.target) return null;
  const disproved =
    request.target === 'gpu' && contradicts({ model: current, fileBytes: null, after: before, before: null });
  const placement = placementOf(current);
  const common = { from: placement, to: placement, evicted: [], error: null };
  if (!disproved) return { ...common, outcome: 'already-right', reason: whereSentence(current), code: null };
  return {
    ...common,
    outcome: 'failed',
    from: 'cpu',
    to: 'cpu',
    code: 'GPU_NOT_USED',
    reason: `The server says that it is on the GPU, but only ${formatMemory(before.usedBytes ?? 0)} of VRAM are in use: it runs on the CPU. Restart Ollama on ${request.node.name}.`,
  };
}

function forbidden(deps: MoveDependencies, request: MoveRequest, before: Before): MoveEnd | null {
  const { node, model, target } = request;
  if (deps.pinned.has(canonicalName(model))) {
    return refusal(before, 'PINNED', `It is pinned on ${node.name}. Take the pin off first.`);
  }
  if (target === 'gpu' && node.hasGpu === false) {
    return refusal(before, 'NO_GPU', `${node.name} is known to have no GPU.`);
  }
  const blocked = deps.blocked();
  return blocked === null
    ? null
    : refusal(before, 'SERVER_BUSY', `${blocked} Restart Ollama on ${node.name}.`);
}

/** What `show` says; null where the server cannot say it, for then the server itself chooses the layers. */
async function describe(request: MoveRequest, signal: AbortSignal): Promise<DescribedModel | null> {
  try {
    return await request.server.describe(request.model, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && error.code === 'SERVER_ERROR') return null;
    throw error;
  }
}

const busySentence = (names: readonly string[]) =>
  `${listNames(names)} ${names.length === 1 ? 'is' : 'are'} answering requests, so nothing was moved.`;
