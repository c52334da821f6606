/** Finds the faces in one picture, on the runner that would be first; on the next one if it fails. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { RunnerFace } from '../../../shared/models/runner.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { InFlight } from '../acquire/in-flight.ts';
import type { LocalRunner } from '../ports/runner.ts';
import type { Clock, Random } from '../ports/time.ts';
import { chooseRunner, preferGpu } from './balance.ts';
import { retryDelayMs, retryOf } from './batch-retry.ts';
import { faceModels, isOnGpu } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

export interface FindFacesDependencies {
  clock: Clock;
  random: Random;
  inFlight: Pick<InFlight, 'begin'>;
  settings: { current(): Settings };
  runners(): readonly TrackedRunner[];
}

/** Rejects with NO_RUNNER, PICTURE_UNREADABLE, or with why the last try failed. */
export async function findFaces(
  { clock, random, inFlight, settings, runners }: FindFacesDependencies,
  { nodeId, image }: { nodeId?: string | undefined; image: string },
  signal: AbortSignal,
): Promise<{ faces: RunnerFace[]; nodeId: string; gpu: boolean }> {
  const { retries } = settings.current().runner;
  const gpuOf = (runner: TrackedRunner) => faceModels(runner).some(isOnGpu);
  let failedOn: string | null = null;
  for (let attempt = 0; ; attempt += 1) {
    const having = runners().filter(
      (runner) => (nodeId === undefined || runner.address.nodeId === nodeId) && faceModels(runner).length > 0,
    );
    const usable = having.filter((runner) => runner.usable());
    const others = usable.filter(({ address }) => address.nodeId !== failedOn);
    const from = others.length > 0 ? others : usable;
    const { candidates, fallback } = preferGpu(
      from.map((runner) => ({
        nodeId: runner.address.nodeId,
        textsPerSecond: runner.statistics.perSecond(),
        gpu: gpuOf(runner),
        waiting: runner.waiting(),
      })),
    );
    const chosen = chooseRunner(candidates, 1);
    const runner = from.find(({ address }) => address.nodeId === chosen);
    if (runner === undefined) throw new PilotlightError('NO_RUNNER');
    const { nodeId: id } = runner.address;
    const isFallback = fallback && having.some((one) => !usable.includes(one) && gpuOf(one));
    try {
      using _ = inFlight.begin(id, null);
      return { ...(await runner.faces(image, { fallback: isFallback }, signal)), nodeId: id };
    } catch (error) {
      signal.throwIfAborted();
      if (retryOf(error) === 'never' || attempt >= retries) throw error;
      failedOn = id;
      await clock.sleep(retryDelayMs(attempt, random(), error), signal);
    }
  }
}

/** Whether any runner has a model for faces, or this computer's may have one, which is not started for that. */
export async function mayFindFaces(
  runners: readonly TrackedRunner[],
  local: Pick<LocalRunner, 'hasModels'> | null,
): Promise<boolean> {
  if (runners.some((runner) => faceModels(runner).length > 0)) return true;
  const isUnknown = runners.some(
    ({ address, status }) => address.from === 'this-computer' && status() === null,
  );
  return isUnknown && local !== null && (await local.hasModels());
}
