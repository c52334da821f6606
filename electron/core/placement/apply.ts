/**
 * One move, as a careful person would do it: see what is there, be sure that it can work, let requests end,
 * load once with the context and the time it had, look whether it worked, and put back what was when not.
 */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import type { LoadOptions } from '../ports.ts';
import {
  type Before,
  keepAliveSeconds,
  type MoveDependencies,
  type MoveEnd,
  type MovePlan,
  type MoveRequest,
  placementOrNull,
} from './move.ts';
import { prepareMove } from './prepare.ts';
import { canonicalName, placementOf } from './read.ts';
import {
  contradicts,
  evictedBetween,
  findLoaded,
  lookUntilGone,
  lookUntilPlaced,
  vramInUse,
} from './verify.ts';
import { errorSentence, evictedSentence, whereSentence } from './words.ts';

/** Moves one model. Never throws: whatever happened is in the end, `error` included. */
export async function applyMove(
  deps: MoveDependencies,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveEnd> {
  let before: Before | null = null;
  try {
    const gpus = await deps.readGpus(signal);
    const loaded = await request.server.loaded(signal);
    before = { loaded, current: findLoaded(loaded, request.model), usedBytes: vramInUse(gpus), gpus };
    const prepared = await prepareMove(deps, request, before, signal);
    if (prepared.kind === 'end') return prepared.end;
    return await carryOut(deps, request, before, prepared.plan, signal);
  } catch (error) {
    const current = before?.current ?? null;
    return {
      outcome: 'failed',
      reason: signal.aborted ? 'It was cancelled.' : errorSentence(error),
      code: signal.aborted ? 'CANCELLED' : isPilotlightError(error) ? error.code : 'INTERNAL',
      from: placementOrNull(current),
      to: placementOrNull(current),
      evicted: [],
      error,
    };
  }
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
  const load = (options: LoadOptions) => deps.watchLoad(() => server.load(model, options, signal));
  try {
    if (plan.unloadFirst) {
      await server.unload(model, signal);
      if (!(await lookUntilGone(look, model))) {
        return {
          outcome: 'failed',
          reason:
            'The server did not unload it within five minutes: it seems to be answering requests of others. It will end by itself when they do.',
          code: 'MODEL_BUSY',
          from,
          to: from,
          evicted: [],
          error: null,
        };
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
    const usedBytes = vramInUse(await deps.readGpus(signal));
    const evicted = evictedBetween(before.loaded, after.loaded, model, deps.clock.now());
    if (after.model === null) {
      const restored = await restore(deps, request, before);
      return {
        outcome: 'failed',
        reason: `The server said that it loaded the model, but it is not there.${restored.sentence}${evictedSentence(evicted)}`,
        code: 'MOVE_FAILED',
        from,
        to: restored.placement,
        evicted,
        error: null,
      };
    }
    return judge(deps, request, before, { loaded: after.loaded, model: after.model, usedBytes }, evicted);
  } catch (error) {
    const restored = await restore(deps, request, before);
    const cancelled = signal.aborted;
    return {
      outcome: 'failed',
      reason: `${cancelled ? 'It was cancelled.' : errorSentence(error)}${restored.sentence}${evictedSentence(restored.evicted)}`,
      code: cancelled ? 'CANCELLED' : isPilotlightError(error) ? error.code : 'INTERNAL',
      from,
      to: restored.placement,
      evicted: restored.evicted,
      error,
    };
  }
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
      reason: `${why} Restart Ollama on ${node.name}; it may have started before its GPU driver, or lost the GPU in a sleep.${evictedSentence(evicted)}`,
    };
  }
  deps.markGpu('verified');
  if (to === 'partial') {
    return {
      ...end,
      outcome: 'failed',
      code: 'DOES_NOT_FIT',
      reason: `${whereSentence(after.model)} The rest did not fit.${evictedSentence(evicted)}`,
    };
  }
  return {
    ...end,
    outcome: 'moved',
    code: null,
    reason: `${whereSentence(after.model)}${evictedSentence(evicted)}`,
  };
}

/** Puts back what was, when it is not there any more. A failed restoration is said, never thrown. */
async function restore(
  deps: MoveDependencies,
  request: MoveRequest,
  before: Before,
): Promise<{ sentence: string; placement: Placement | null; evicted: string[] }> {
  const { server, model } = request;
  const signal = deps.restoreSignal;
  const was = before.current;
  try {
    const loaded = await server.loaded(signal);
    const evicted = evictedBetween(before.loaded, loaded, model, deps.clock.now());
    const now = findLoaded(loaded, model);
    if (was === null) {
      return { sentence: now ? ` ${whereSentence(now)}` : '', placement: placementOrNull(now), evicted };
    }
    if (now !== null) return { sentence: ' It stays where it was.', placement: placementOf(now), evicted };
    const blocked = deps.blocked();
    if (blocked !== null) return { sentence: ` ${blocked}`, placement: null, evicted };
    await deps.watchLoad(() => server.load(model, restoreOptions(deps, was), signal));
    const back = await lookUntilPlaced({ clock: deps.clock, server, signal }, model, placementOf(was));
    const placement = placementOrNull(back.model);
    return {
      sentence: back.model ? ' What was there was restored.' : ' It could not be restored.',
      placement,
      evicted,
    };
  } catch (error) {
    return { sentence: ` It could not be restored: ${errorSentence(error)}`, placement: null, evicted: [] };
  }
}

function restoreOptions(deps: MoveDependencies, was: LoadedModel): LoadOptions {
  return {
    layers: placementOf(was) === 'cpu' ? 'cpu' : 'auto',
    keepAliveSeconds: keepAliveSeconds(was, deps.clock.now()),
    ...(was.contextLength === null ? {} : { contextLength: was.contextLength }),
  };
}
