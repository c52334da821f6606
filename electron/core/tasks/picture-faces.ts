/**
 * Finds the faces in pictures of tasks, for their workers: on the runner that core chooses, this computer's or a
 * machine's. Handlers read hostile files, so they get no key for it, but an address that is signed for one task.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type WorkerFacesAnswer, workerFacesPath } from '../../../shared/contract/task-worker.ts';
import type { RunnerFace } from '../../../shared/models/runner.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { Secrets } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { createSignedAddresses } from '../runtime/signed-addresses.ts';
import { keptKey } from './kept-key.ts';
import { LINK_MS } from './signed-links.ts';

/** Of the runners, what this needs. */
export interface FaceRunners {
  /** Whether it is worth a try: otherwise this computer's runner would be started for nothing. */
  mayFindFaces(): Promise<boolean>;
  /** Rejects with NO_RUNNER, PICTURE_UNREADABLE, or with why the machine did not wake or the last try failed. */
  faces(
    request: { image: string; wakeBy: 'task' },
    signal: AbortSignal,
  ): Promise<{ faces: readonly RunnerFace[] }>;
}

export interface PictureFaces {
  /** Relative to the server; null if a person does not want it. Without a task, it is for a worker that checks itself. */
  address(workerId: string, task: { id: string; timeLimitMs: number } | null): string | null;
  /** Who asks. Throws FORBIDDEN, LINK_EXPIRED, and UNAUTHORIZED while the worker does not have the task, as far as is known. */
  check(query: Readonly<Record<string, unknown>>): { task: string; worker: string };
  /** Rejects as the runners do. What a face looks like stays here: only where it is goes to the worker. */
  find(picture: Uint8Array, signal: AbortSignal): Promise<WorkerFacesAnswer>;
}

const WITHOUT_TASK = '';

export function createPictureFaces({
  clock,
  secrets,
  settings,
  runners,
  knows,
  holderOf,
}: {
  clock: Pick<Clock, 'now'>;
  secrets: Pick<Secrets, 'get' | 'change'>;
  settings: { current(): Settings };
  runners: FaceRunners;
  knows(workerId: string): boolean;
  /** The worker that has a task; null if none has, as far as this core knows. */
  holderOf(taskId: string): string | null;
}): PictureFaces {
  let signed: ReturnType<typeof addresses> | null = null;
  const addresses = () =>
    createSignedAddresses({
      ...{ clock, key: keptKey(secrets, 'links') },
      ...{ path: workerFacesPath, names: ['task', 'worker'] },
    });
  // The key is made when it is first needed, once.
  const links = () => {
    signed ??= addresses();
    return signed;
  };

  return {
    address(workerId, task) {
      if (!settings.current().tasks.findFaces) return null;
      const values = { task: task?.id ?? WITHOUT_TASK, worker: workerId };
      return links().sign(values, task?.timeLimitMs ?? LINK_MS);
    },
    check(query) {
      const { task, worker } = links().check(query);
      const holds = task === WITHOUT_TASK ? knows(worker) : holderOf(task) === worker;
      // After a restart, this core does not know it before the worker has said what it has: it tries again.
      if (!holds) throw new PilotlightError('UNAUTHORIZED');
      return { task, worker };
    },
    async find(picture, signal) {
      if (!(await runners.mayFindFaces())) throw new PilotlightError('NO_RUNNER');
      const image = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength).toString('base64');
      const { faces } = await runners.faces({ image, wakeBy: 'task' }, signal);
      return { faces: faces.map(({ box, score }) => ({ box, score })) };
    },
  };
}
