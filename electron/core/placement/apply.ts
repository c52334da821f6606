/**
 * One move, as a careful person would do it: see what is there, be sure that it can work, let requests end,
 * load once with the context and the time it had, check whether it worked, and put everything back when not.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { measuredVramBytes } from '../../../shared/vram.ts';
import { canonicalName, placementOf } from '../fleet/model-placement.ts';
import type { LoadOptions } from '../ports/inference.ts';
import {
  type Before,
  type MoveDependencies,
  type MoveEnd,
  type MovePlan,
  type MoveRequest,
  placementOrNull,
} from './move.ts';
import { errorSentence, evictedSentence, vanishedSentence, whereSentence } from './move-message.ts';
import { prepareMove } from './prepare.ts';
import { hasLess, type PutBack, putBack } from './restore.ts';
import { contradicts, evictedBetween, findLoaded, lookUntilGone, lookUntilPlaced } from './verify.ts';

/** Requests that had to be waited for make what was read before them old: it is read again, so often at most. */
const MOST_READINGS = 3;
/** A program that has just ended, or a model that has just been unloaded, gives its VRAM back within this time. */
const CONFIRM_MS = 1500;

/** Moves one model. Never throws: whatever happened is in the end, `error` included. */
export async function applyMove(
  deps: MoveDependencies,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveEnd> {
  let before: Before | null = null;
  try {
    let doubted = false;
    for (let reading = 1; ; reading += 1) {
      before = await readBefore(deps, request, signal);
      const prepared = await prepareMove(deps, request, before, signal);
      if (prepared.kind === 'go') {
        if (prepared.waited && reading < MOST_READINGS) continue;
        return await carryOut(deps, request, before, prepared.plan, signal);
      }
      if (prepared.end.code !== 'VRAM_TAKEN' || doubted) return prepared.end;
      doubted = true;
      await deps.clock.sleep(CONFIRM_MS, signal);
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

/** What is loaded and in use at this moment. */
export async function readBefore(
  deps: Pick<MoveDependencies, 'readGpus'>,
  request: Pick<MoveRequest, 'server' | 'model'>,
  signal: AbortSignal,
): Promise<Before> {
  const gpus = await deps.readGpus(signal);
  const loaded = await request.server.loaded(signal);
  return { loaded, current: findLoaded(loaded, request.model), usedBytes: measuredVramBytes(gpus), gpus };
}

/** Why a move broke off. A node that was lost meanwhile is not a person who cancelled. */
function causeOf(error: unknown, signal: AbortSignal): Pick<MoveEnd, 'code' | 'reason' | 'error'> {
  const cause = signal.aborted ? signal.reason : error;
  const code = isPilotlightError(cause) ? cause.code : 'INTERNAL';
  if (signal.aborted && code !== 'HOST_UNREACHABLE') {
    return { code: 'CANCELLED', reason: 'It was cancelled.', error };
  }
  return { code, reason: errorSentence(cause), error: cause };
}

async function carryOut(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Before,
  plan: MovePlan,
  signal: AbortSignal,
): Promise<MoveEnd> {
  const { server, model, target } = request;
  const look = { clock: deps.clock, server, signal };
  const from = placementOrNull(before.current);
  const load = (options: LoadOptions) => deps.watchLoad(model, () => server.load(model, options, signal));
  const undo = async (end: Omit<MoveEnd, 'evicted' | 'from' | 'to'>): Promise<MoveEnd> =>
    undone({ ...end, from, to: null, evicted: [] }, await putBack(deps, request, before, plan.unloadFirst));
  try {
    if (plan.unloadFirst) {
      await server.unload(model, signal);
      if (!(await lookUntilGone(look, model))) {
        return await undo({
          outcome: 'failed',
          reason:
            'The server did not unload it within five minutes: it seems to be answering other requests.',
          code: 'MODEL_BUSY',
          error: null,
        });
      }
    }
    await load(plan.options);
    let after = await lookUntilPlaced(look, model, target);
    const hadContext = before.current?.contextLength ?? null;
    if (after.model && hadContext !== null && after.model.contextLength !== hadContext) {
      // The server's default is another one than its VRAM suggests, so this context came from requests.
      await load({ ...plan.options, contextLength: hadContext });
      after = await lookUntilPlaced(look, model, target);
    }
    const inUse = measuredVramBytes(await deps.readGpus(signal));
    const evicted = evictedBetween(before.loaded, after.loaded, model, deps.clock.now());
    if (after.model === null) {
      return await undo({ outcome: 'failed', reason: vanishedSentence, code: 'MOVE_FAILED', error: null });
    }
    const end = judge(
      deps,
      request,
      before,
      { loaded: after.loaded, model: after.model, usedBytes: inUse },
      evicted,
    );
    return mayStay(before, after.model, end) ? end : await undo(end);
  } catch (error) {
    return await undo({ outcome: 'failed', ...causeOf(error, signal) });
  }
}

/** A result that is not what was asked for stays only where it cost nothing. */
function mayStay(before: Before, now: LoadedModel, end: MoveEnd): boolean {
  if (end.outcome === 'moved') return true;
  if (before.current !== null && hasLess(now, before.current)) return false;
  return end.evicted.length === 0;
}

function undone(end: MoveEnd, { sentence, placement, restored, missing }: PutBack): MoveEnd {
  const { error } = end;
  return {
    ...end,
    reason: `${end.reason}${sentence}`,
    to: placement,
    restored,
    missing,
    error:
      missing.length > 0 && isPilotlightError(error)
        ? new PilotlightError(error.code, {
            message: error.message,
            next: error.next,
            details: { ...error.details, missing },
          })
        : error,
  };
}

function judge(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Before,
  after: { loaded: LoadedModel[]; model: LoadedModel; usedBytes: number | null },
  evicted: string[],
): MoveEnd {
  const { node, target } = request;
  const installed = node.installed.find(
    (entry) => canonicalName(entry.name) === canonicalName(request.model),
  );
  const disproved =
    target === 'gpu' &&
    contradicts({ model: after.model, fileBytes: installed?.sizeBytes ?? null, after, before });
  const reported = placementOf(after.model);
  const to: Placement = disproved ? 'cpu' : reported;
  const end = { from: placementOrNull(before.current), to, evicted, error: null };
  if (target === 'cpu') {
    return to === 'cpu'
      ? { ...end, outcome: 'moved', code: null, reason: 'It is on the CPU now, as asked.' }
      : {
          ...end,
          outcome: 'failed',
          code: 'MOVE_FAILED',
          reason: `It did not go to the CPU. ${whereSentence(after.model)}`,
        };
  }
  if (to === 'cpu') {
    deps.markGpu('not-checked');
    const why = disproved
      ? 'The server says that it is on the GPU, but the VRAM in use did not rise: it runs on the CPU.'
      : 'The server accepted the load but put the model on the CPU.';
    return {
      ...end,
      outcome: 'failed',
      code: 'GPU_NOT_USED',
      reason: `${why} Restart Ollama on ${node.name}; it may have started before its GPU driver, or lost the GPU during sleep.`,
    };
  }
  deps.markGpu('verified');
  const less = before.current !== null && hasLess(after.model, before.current);
  if (to === 'partial' && (!request.anyway || less)) {
    return {
      ...end,
      outcome: 'failed',
      code: 'DOES_NOT_FIT',
      reason: `${whereSentence(after.model)} The rest did not fit.`,
    };
  }
  return {
    ...end,
    outcome: 'moved',
    code: null,
    reason: `${whereSentence(after.model)}${evictedSentence(evicted)}`,
  };
}
