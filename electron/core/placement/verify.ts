/** Looking at a server until it shows what a move should have done. */
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { placementOf, sameModelName } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';

const POLL_MS = 250;
/** How long a model may take to appear in ps after its load was answered. */
const APPEAR_MS = 10_000;
/** A placement that is not the wanted one is looked at again this often before it is believed. */
const DOUBTS = 2;
/** Ollama unloads only after the last request: a long answer of somebody else's may hold it. */
const GONE_MS = 5 * 60_000;

export const findLoaded = (loaded: readonly LoadedModel[], model: string): LoadedModel | null =>
  loaded.find((entry) => sameModelName(entry.name, model)) ?? null;

export interface LookDependencies {
  clock: Clock;
  server: InferenceServer;
  signal: AbortSignal;
}

/** Polls until the model shows, and until it sits where it is wanted or has been seen elsewhere repeatedly. */
export async function lookUntilPlaced(
  { clock, server, signal }: LookDependencies,
  model: string,
  wanted: Placement,
): Promise<{ loaded: LoadedModel[]; model: LoadedModel | null }> {
  const deadline = clock.monotonic() + APPEAR_MS;
  let doubts = 0;
  for (;;) {
    const loaded = await server.loaded(signal);
    const found = findLoaded(loaded, model);
    if (found && (placementOf(found) === wanted || doubts >= DOUBTS)) return { loaded, model: found };
    if (found) doubts += 1;
    if (!found && clock.monotonic() >= deadline) return { loaded, model: null };
    await clock.sleep(POLL_MS, signal);
  }
}

/**
 * Polls until an unloaded model is gone, and one poll more: a load that comes at once can attach to the
 * dying runner and vanish with it. False when it was still there at the deadline, by default five minutes.
 */
export async function lookUntilGone(
  { clock, server, signal }: LookDependencies,
  model: string,
  deadlineMs = GONE_MS,
): Promise<boolean> {
  const deadline = clock.monotonic() + deadlineMs;
  while (findLoaded(await server.loaded(signal), model) !== null) {
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(POLL_MS, signal);
  }
  await clock.sleep(POLL_MS, signal);
  return findLoaded(await server.loaded(signal), model) === null;
}

const vramByServer = (loaded: readonly LoadedModel[]) =>
  loaded.reduce((sum, model) => sum + model.vramBytes, 0);

/**
 * Whether the machine's own tools contradict the server's word that a model is in VRAM. When a server cannot
 * read its runner's log it gives the file size for both figures, a false "100% GPU". `before` is null when
 * nothing was moved.
 */
export function contradicts(input: {
  model: LoadedModel;
  fileBytes: number | null;
  after: { loaded: readonly LoadedModel[]; usedBytes: number | null };
  before: { loaded: readonly LoadedModel[]; usedBytes: number | null } | null;
}): boolean {
  const { model, after, before } = input;
  if (after.usedBytes === null || model.vramBytes <= 0) return false;
  const tooLittleInUse = after.usedBytes < vramByServer(after.loaded) * 0.5;
  if (before === null || before.usedBytes === null) return tooLittleInUse;
  const claimed = vramByServer(after.loaded) - vramByServer(before.loaded);
  const risen = after.usedBytes - before.usedBytes;
  const didNotRise = claimed > 0 && risen < claimed * 0.4;
  const suspicious = model.sizeBytes === model.vramBytes && model.sizeBytes === input.fileBytes;
  return didNotRise && (tooLittleInUse || suspicious);
}

/** Models that were pushed out between two looks, by name; those whose time had ended anyway are not. */
export function evictedBetween(
  before: readonly LoadedModel[],
  after: readonly LoadedModel[],
  moved: string,
  now: number,
): string[] {
  return before
    .filter((model) => !sameModelName(model.name, moved) && findLoaded(after, model.name) === null)
    .filter((model) => model.expiresAt === null || model.expiresAt > now)
    .map((model) => model.name);
}
