/** Everything that must be true before a move touches the server. */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { DescribedModel } from '../../../shared/models/placement.ts';
import { formatMemory } from '../../../shared/units.ts';
import { contextToSend, defaultContextLength, type Fit, fitOnGpu, predictSize, vramState } from './fit.ts';
import {
  type Before,
  keepAliveSeconds,
  type MoveDependencies,
  type MoveEnd,
  type MovePlan,
  type MoveRequest,
  placementOrNull,
} from './move.ts';
import { canonicalName, placementOf, sameModelName } from './read.ts';
import { contradicts } from './verify.ts';
import { listNames, whereSentence } from './words.ts';

export type Prepared = { kind: 'end'; end: MoveEnd } | { kind: 'go'; plan: MovePlan };

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
  const installed = node.installed.find((entry) => sameModelName(entry.name, model));
  const totalVramBytes = node.vram.totalBytes;
  const contextLength = contextToSend({
    loadedContext: current?.contextLength ?? null,
    trainedContext: described?.contextLength ?? null,
    totalVramBytes,
  });
  const common = {
    keepAliveSeconds: current ? keepAliveSeconds(current, deps.clock.now()) : null,
    ...(contextLength === undefined ? {} : { contextLength }),
  };
  const refuse = (code: ErrorCode, reason: string) => refused(before, code, reason);

  if (target === 'cpu') {
    if (!(await deps.drain([model], signal))) return refuse('MODEL_BUSY', busySentence([model]));
    return go({ unloadFirst: false, options: { layers: 'cpu', ...common }, described, victims: [] });
  }

  const others = before.loaded.filter((other) => !sameModelName(other.name, model));
  const fit = fitOnGpu({
    size: predictSize({
      measuredBytes: current?.sizeBytes ?? deps.lastSizeBytes,
      fileBytes: installed?.sizeBytes ?? null,
      described,
      contextLength: current?.contextLength ?? defaultContextLength(totalVramBytes),
    }),
    vram: vramState({
      gpus: before.gpus ?? [],
      vram: { ...node.vram, usedBytes: null },
      loaded: before.loaded.map((entry) => ({
        ...entry,
        placement: placementOf(entry),
        gpuShare: 0,
        priority: false,
        pinned: false,
        flagged: false,
      })),
    }),
    own: current,
    others,
    inFlight: deps.inFlight,
  });

  if (
    fit.kind === 'does-not-fit' &&
    (current !== null || (by !== 'job' && (installed?.sizeBytes ?? 0) > fit.totalBytes))
  ) {
    return refuse('DOES_NOT_FIT', doesNotFitSentence(request, fit, current ? whereSentence(current) : ''));
  }
  const victims =
    fit.kind === 'fits' ? fit.victims : fit.kind === 'does-not-fit' ? others.map((other) => other.name) : [];
  const kept = victims.filter(
    (name) => deps.pinned.has(canonicalName(name)) || (by === 'optimizer' && deps.isPriority(name)),
  );
  if (kept.length > 0) {
    return refuse(
      'PINNED',
      `It would push out ${listNames(kept)}, which must stay. Take the pin off first, or unload by hand.`,
    );
  }
  if (!(await deps.drain([model, ...victims], signal))) {
    return refuse('MODEL_BUSY', busySentence([model, ...victims].filter((name) => deps.inFlight(name) > 0)));
  }

  if (current === null)
    return go({ unloadFirst: false, options: { layers: 'auto', ...common }, described, victims });
  const proven = fit.kind === 'fits' && described?.blockCount != null && !deps.explicitFailed;
  const layers = proven && described?.blockCount != null ? described.blockCount + 1 : 'auto';
  return go({ unloadFirst: layers === 'auto', options: { layers, ...common }, described, victims });
}

const go = (plan: MovePlan): Prepared => ({ kind: 'go', plan });

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

function doesNotFitSentence(
  request: MoveRequest,
  fit: Fit & { kind: 'does-not-fit' },
  where: string,
): string {
  const even = fit.victims.length > 0 ? `, even without ${listNames(fit.victims)}` : '';
  return `It needs ${formatMemory(fit.neededBytes)}, and ${request.node.name} has ${formatMemory(fit.totalBytes)} of VRAM, ${formatMemory(fit.freeBytes)} of it free: it does not fit${even}. ${where}`.trim();
}
