/** Polls a server until it shows the result of a load or unload. */
import type { LoadedModel, Placement } from '../../../shared/models/placement.ts';
import { placementOf, sameModelName } from '../fleet/model-placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';

const POLL_MS = 250;
/** How long a model may take to be listed after its load was answered. */
const APPEARS_WITHIN_MS = 10_000;
/** How often an unexpected placement is checked again before it is believed. */
const RECHECKS = 2;
/** Ollama unloads a model only after its last request, which may be a long answer to another client. */
export const UNLOADS_WITHIN_MS = 5 * 60_000;

export const findLoaded = (loaded: readonly LoadedModel[], model: string): LoadedModel | null =>
  loaded.find((entry) => sameModelName(entry.name, model)) ?? null;

export interface PollDependencies {
  clock: Clock;
  server: InferenceServer;
  signal: AbortSignal;
}

/** Polls until the model is listed with the expected placement, or repeatedly with another one. */
export async function pollUntilPlaced(
  { clock, server, signal }: PollDependencies,
  model: string,
  expected: Placement,
): Promise<{ loaded: LoadedModel[]; model: LoadedModel | null }> {
  const deadline = clock.monotonic() + APPEARS_WITHIN_MS;
  let rechecks = 0;
  for (;;) {
    const loaded = await server.loaded(signal);
    const found = findLoaded(loaded, model);
    if (found && (placementOf(found) === expected || rechecks >= RECHECKS)) return { loaded, model: found };
    if (found) rechecks += 1;
    if (!found && clock.monotonic() >= deadline) return { loaded, model: null };
    await clock.sleep(POLL_MS, signal);
  }
}

/**
 * Polls until the model is no longer listed, and once more: a load that follows at once can attach to the ending runner
 * and disappear with it. Resolves with false if it is still listed after `deadlineMs`, by default five minutes.
 */
export async function pollUntilUnloaded(
  { clock, server, signal }: PollDependencies,
  model: string,
  deadlineMs = UNLOADS_WITHIN_MS,
): Promise<boolean> {
  const deadline = clock.monotonic() + deadlineMs;
  while (findLoaded(await server.loaded(signal), model) !== null) {
    if (clock.monotonic() >= deadline) return false;
    await clock.sleep(POLL_MS, signal);
  }
  await clock.sleep(POLL_MS, signal);
  return findLoaded(await server.loaded(signal), model) === null;
}

const reportedVram = (loaded: readonly LoadedModel[]) =>
  loaded.reduce((sum, model) => sum + model.vramBytes, 0);

/**
 * Whether the machine's own tools contradict a server that reports a model in VRAM. A server that cannot read its
 * runner's log reports the file size as both sizes: a false "100% GPU". `before` is null if nothing was moved.
 */
export function contradicts(input: {
  model: LoadedModel;
  fileBytes: number | null;
  after: { loaded: readonly LoadedModel[]; usedBytes: number | null };
  before: { loaded: readonly LoadedModel[]; usedBytes: number | null } | null;
}): boolean {
  const { model, after, before } = input;
  if (after.usedBytes === null || model.vramBytes <= 0) return false;
  const tooLittleInUse = after.usedBytes < reportedVram(after.loaded) * 0.5;
  if (before === null || before.usedBytes === null) return tooLittleInUse;
  const expectedRise = reportedVram(after.loaded) - reportedVram(before.loaded);
  const didNotRise = expectedRise > 0 && after.usedBytes - before.usedBytes < expectedRise * 0.4;
  const suspicious = model.sizeBytes === model.vramBytes && model.sizeBytes === input.fileBytes;
  return didNotRise && (tooLittleInUse || suspicious);
}

/** Names of the models that are no longer loaded although their time had not expired, without the moved one. */
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
