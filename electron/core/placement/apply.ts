/**
 * One move: read the state, check that it can work, wait for requests to finish, load once with the same context and
 * keep-alive, check the result, and restore the state if it failed.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { measuredVramBytes } from '../../../shared/vram.ts';
import { canonicalName, placementOf } from '../fleet/model-placement.ts';
import type { LoadOptions } from '../ports/inference.ts';
import { explainShortage } from './failed-room.ts';
import {
  type MoveDependencies,
  type MovePlan,
  type MoveRequest,
  type MoveResult,
  placementOrNull,
  type Snapshot,
} from './move.ts';
import { failureMessage, locationMessage } from './move-message.ts';
import { prepareMove } from './prepare.ts';
import { hasLessOnGpu, type Restored, restoreModels } from './restore.ts';
import { takeSnapshot } from './snapshot.ts';
import {
  contradicts,
  evictedBetween,
  pollUntilPlaced,
  pollUntilUnloaded,
  UNLOADS_WITHIN_MS,
} from './verify.ts';

/** After waiting for requests the state is read again, at most this often in all. */
const MOST_READINGS = 3;
/** A program that has just exited, or a model that has just been unloaded, frees its VRAM within this time. */
const VRAM_FREED_WITHIN_MS = 1500;

/** Moves one model. Never rejects: an error is part of the result. */
export async function applyMove(
  deps: MoveDependencies,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveResult> {
  let before: Snapshot | null = null;
  try {
    let rechecked = false;
    for (let reading = 1; ; reading += 1) {
      before = await takeSnapshot(deps, request, signal);
      const prepared = await prepareMove(deps, request, before, signal);
      if (prepared.kind === 'go') {
        if (prepared.waited && reading < MOST_READINGS) continue;
        return await executeMove(deps, request, before, prepared.plan, signal);
      }
      if (prepared.result.code === 'GPU_NOT_USED') markContradicted(deps, prepared.result, before);
      if (prepared.result.code !== 'VRAM_TAKEN' || rechecked) return prepared.result;
      rechecked = true;
      await deps.clock.sleep(VRAM_FREED_WITHIN_MS, signal);
    }
  } catch (error) {
    const current = before?.current ?? null;
    return {
      outcome: 'failed',
      ...causeOf(error, signal),
      from: placementOrNull(current),
      to: placementOrNull(current),
      evicted: [],
    };
  }
}

/** The machine's tools contradict what the server reports about its VRAM. */
function markContradicted(deps: MoveDependencies, { reason }: MoveResult, { loaded }: Snapshot): void {
  deps.markGpu({ kind: 'lost', reason, figuresWrong: true, loaded });
}

/** Why a move was interrupted. A node that dropped out is not a cancellation. */
function causeOf(error: unknown, signal: AbortSignal): Pick<MoveResult, 'code' | 'reason' | 'error'> {
  const cause = signal.aborted ? signal.reason : error;
  const code = isPilotlightError(cause) ? cause.code : 'INTERNAL';
  if (signal.aborted && code !== 'HOST_UNREACHABLE') {
    return { code: 'CANCELLED', reason: fact('MOVE_CANCELLED'), error };
  }
  return { code, reason: failureMessage(cause), error: cause };
}

async function executeMove(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Snapshot,
  plan: MovePlan,
  signal: AbortSignal,
): Promise<MoveResult> {
  const { server, model, target } = request;
  const poll = { clock: deps.clock, server, signal };
  const from = placementOrNull(before.current);
  const load = (options: LoadOptions) => deps.watchLoad(model, () => server.load(model, options, signal));
  const undo = async (result: Omit<MoveResult, 'evicted' | 'from' | 'to'>): Promise<MoveResult> =>
    undone(
      { ...result, from, to: null, evicted: [] },
      await restoreModels(deps, request, before, plan.unloadFirst),
    );
  const failed = (code: MoveResult['code'], reason: Message) =>
    undo({ outcome: 'failed', code, reason, error: null });
  const withoutRoom = async (result: Omit<MoveResult, 'evicted' | 'from' | 'to'>) =>
    undo(target === 'gpu' ? await explainShortage(deps, request, before, result) : result);
  try {
    if (plan.unloadFirst) {
      await server.unload(model, signal);
      if (!(await pollUntilUnloaded(poll, model))) {
        return await failed('MODEL_BUSY', fact('NOT_UNLOADED_WITHIN', { ms: UNLOADS_WITHIN_MS }));
      }
    }
    await load(plan.options);
    let after = await pollUntilPlaced(poll, model, target);
    const hadContext = before.current?.contextLength ?? null;
    if (after.model && hadContext !== null && after.model.contextLength !== hadContext) {
      // The server's default is not the one that its VRAM suggests, so the context had been set by requests.
      await load({ ...plan.options, contextLength: hadContext });
      after = await pollUntilPlaced(poll, model, target);
    }
    const usedBytes = measuredVramBytes(await deps.readGpus(signal));
    const evicted = evictedBetween(before.loaded, after.loaded, model, deps.clock.now());
    if (after.model === null) return await failed('MOVE_FAILED', fact('LOADED_MODEL_MISSING'));
    const now = { loaded: after.loaded, model: after.model, usedBytes };
    const result = judge(deps, { request, before, plan }, now, evicted);
    return mayStay(before, after.model, result) ? result : await withoutRoom(result);
  } catch (error) {
    return await withoutRoom({ outcome: 'failed', ...causeOf(error, signal) });
  }
}

/** A failed move stays as it is only if nothing was lost. */
function mayStay(before: Snapshot, now: LoadedModel, result: MoveResult): boolean {
  if (result.outcome === 'moved') return true;
  if (before.current !== null && hasLessOnGpu(now, before.current)) return false;
  return result.evicted.length === 0;
}

function undone(result: MoveResult, { messages, placement, restored, missing }: Restored): MoveResult {
  const { error, reason } = result;
  return {
    ...result,
    reason: messages.length === 0 ? reason : fact('MOVE_UNDONE', { reason, state: messages }),
    to: placement,
    restored,
    missing,
    error: missing.length > 0 && isPilotlightError(error) ? withMissing(error, missing) : error,
  };
}

function withMissing(error: PilotlightError, missing: readonly string[]): PilotlightError {
  return new PilotlightError(error.code, {
    message: error.said ?? error.message,
    next: error.next,
    details: { ...error.details, missing },
  });
}

function judge(
  deps: MoveDependencies,
  { request, before, plan }: { request: MoveRequest; before: Snapshot; plan: MovePlan },
  after: { loaded: LoadedModel[]; model: LoadedModel; usedBytes: number | null },
  evicted: string[],
): MoveResult {
  const { node, target } = request;
  const installed = node.installed.find(
    (entry) => canonicalName(entry.name) === canonicalName(request.model),
  );
  const contradicted =
    target === 'gpu' &&
    contradicts({ model: after.model, fileBytes: installed?.sizeBytes ?? null, after, before });
  const to: Placement = contradicted ? 'cpu' : placementOf(after.model);
  const location = locationMessage(after.model);
  const end = (outcome: 'moved' | 'failed', code: MoveResult['code'], reason: Message): MoveResult => ({
    outcome,
    code,
    reason,
    from: placementOrNull(before.current),
    to,
    evicted,
    error: null,
  });
  if (target === 'cpu') {
    return to === 'cpu'
      ? end('moved', null, fact('MOVED_TO_CPU'))
      : end('failed', 'MOVE_FAILED', fact('NOT_MOVED_TO_CPU', { location }));
  }
  if (to === 'cpu') {
    const cause = whyOnCpu(plan, contradicted);
    if (cause === 'no-room') return end('failed', 'DOES_NOT_FIT', fact('LOADED_ON_CPU_FOR_WANT_OF_VRAM'));
    if (cause === 'unknown') {
      deps.markGpu({ kind: 'not-checked' });
      return end('failed', 'GPU_NOT_USED', fact('LOADED_ON_CPU_SOMEHOW', { node: node.name }));
    }
    const reason = fact('LOAD_ENDED_ON_CPU', { model: request.model });
    deps.markGpu({ kind: 'lost', reason, figuresWrong: contradicted, loaded: after.loaded });
    return end('failed', 'GPU_NOT_USED', fact('LOADED_ON_CPU_INSTEAD', { node: node.name, contradicted }));
  }
  deps.markGpu({ kind: 'verified' });
  const less = before.current !== null && hasLessOnGpu(after.model, before.current);
  if (to === 'partial' && (!request.anyway || less)) {
    return end('failed', 'DOES_NOT_FIT', fact('REST_DOES_NOT_FIT', { location }));
  }
  return end('moved', null, fact('MOVED_TO_GPU', { location, evicted }));
}

/**
 * Why a load that was meant for the GPU ended on the CPU. A number of layers has no fallback, so the server has no GPU;
 * neither has one that chose the layers itself although enough VRAM was free.
 */
function whyOnCpu(
  { options, room, cpuByModelfile = false }: MovePlan,
  contradicted: boolean,
): 'no-gpu' | 'no-room' | 'unknown' {
  if (contradicted || typeof options.layers === 'number') return 'no-gpu';
  if (room?.kind === 'taken' || room?.kind === 'too-large') return 'no-room';
  return room?.kind === 'fits' && room.measured && !cpuByModelfile ? 'no-gpu' : 'unknown';
}
