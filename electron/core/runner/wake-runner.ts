/** Wakes a machine for texts or a picture, where the caller asks for that and no runner that is awake can do it. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Acquired, AcquireService } from '../acquire/model.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { RunnerFleet } from './model.ts';
import { pinnedName } from './pinned-name.ts';
import { faceModels, isOnGpu } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

export interface WakeRunnerOptions {
  acquire: AcquireService;
  fleet: Pick<RunnerFleet, 'get'>;
  runners(): readonly TrackedRunner[];
}

interface Wish {
  nodeId: string | undefined;
  by: WakeRequester;
  signal: AbortSignal;
}

/**
 * A lease on a machine that was woken, for as long as the work lasts; null if a runner that is awake can do it, or none
 * can. Rejects like acquire.
 */
export interface WakeRunner {
  forTexts(model: string, wish: Wish): Promise<AsyncDisposable | null>;
  forFaces(wish: Wish): Promise<AsyncDisposable | null>;
}

export function createWakeRunner({ acquire, fleet, runners }: WakeRunnerOptions): WakeRunner {
  async function wake(
    able: readonly TrackedRunner[],
    onGpu: (runner: TrackedRunner) => boolean,
    {
      purpose,
      by,
      signal,
      nameOf,
    }: Omit<Wish, 'nodeId'> & {
      purpose: Message;
      nameOf(runner: TrackedRunner): { name: string; digest: string } | null;
    },
  ): Promise<Acquired | null> {
    if (able.some((runner) => runner.usable())) return null;
    // A GPU is worth more than the machine that is first in the list.
    const sleepers = able
      .filter(({ address }) => fleet.get(address.nodeId)?.state === 'off')
      .sort((one, other) => Number(onGpu(other)) - Number(onGpu(one)));
    let failure: unknown = null;
    for (const runner of sleepers) {
      const model = nameOf(runner);
      try {
        return await acquire.acquire({
          nodeId: runner.address.nodeId,
          ...(model === null ? { requirement: { capabilities: [] } } : { model }),
          purpose,
          by,
          wake: true,
          counts: 'each',
          signal,
        });
      } catch (error) {
        signal.throwIfAborted();
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
    return null;
  }

  const among = (nodeId: string | undefined) =>
    runners().filter(({ address }) => nodeId === undefined || address.nodeId === nodeId);
  /** One that never reported may have it; that is worth a try only where it was asked for by name. */
  const mayHave = (nodeId: string | undefined, runner: TrackedRunner, has: boolean) =>
    has || (nodeId !== undefined && runner.status() === null);
  const hasGpu = (runner: TrackedRunner) => (runner.status()?.provider ?? 'cpu') !== 'cpu';

  return {
    forTexts(name, { nodeId, by, signal }) {
      const able = among(nodeId).filter((runner) => mayHave(nodeId, runner, runner.model(name) !== null));
      return wake(able, hasGpu, {
        purpose: fact('USED_FOR_EMBEDDING', { model: name }),
        by,
        signal,
        nameOf(runner) {
          const model = runner.model(name);
          return model === null ? null : { name: pinnedName(model), digest: model.hash };
        },
      });
    },
    forFaces({ nodeId, by, signal }) {
      const able = among(nodeId).filter((runner) => mayHave(nodeId, runner, faceModels(runner).length > 0));
      return wake(able, (runner) => hasGpu(runner) || faceModels(runner).some(isOnGpu), {
        purpose: fact('USED_FOR_FACES'),
        by,
        signal,
        nameOf: () => null,
      });
    },
  };
}
