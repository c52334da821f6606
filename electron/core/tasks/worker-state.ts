/** What is known of a worker, and in which state it is. Pure. */
import type { WorkerRequest } from '../../../shared/contract/task-worker.ts';
import { OLDEST_WORKER_PROTOCOL, WORKER_PROTOCOL } from '../../../shared/contract/task-worker.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { TaskWorker, TaskWorkerRecord } from '../../../shared/models/tasks.ts';

/** How often a worker reports, milliseconds. */
export const BEAT_MS = 5000;
/** For so long it has its tasks after its last report, milliseconds. */
export const LEASE_MS = 30_000;
/** A lost one is listed for this long, milliseconds. */
export const LOST_LISTED_MS = 24 * 3_600_000;
/** One on a machine of the fleet is remembered for this long, milliseconds. */
const FORGOTTEN_MS = 90 * 24 * 3_600_000;
/** A clock may be off by this much, milliseconds. */
const CLOCK_TOLERANCE_MS = 300_000;

/** What is known of one that has reported to this core. */
export interface LiveWorker {
  credentialId: string | null;
  active: number;
  load: TaskWorker['load'];
  sharedFolder: boolean;
  draining: boolean;
  trouble: Message | null;
  /** It only checks itself. */
  checkOnly: boolean;
  /** It has said goodbye. */
  left: boolean;
}

/** Its machine: on, asleep in a way that it can be woken from, or neither, as far as is known. */
export type WorkerMachine = 'on' | 'asleep' | 'unknown';

/** Why it gets no tasks, as a code of the contract; null if it does. */
export function workerTrouble(
  {
    protocol,
    oldestProtocol = protocol,
    now: theirs,
  }: Pick<WorkerRequest<'hello'>, 'protocol' | 'oldestProtocol' | 'now'>,
  now: number,
): { code: 'WORKER_VERSION' | 'CLOCK_WRONG'; message: Message } | null {
  // Either side may be newer, as long as one version is known to both.
  if (protocol < OLDEST_WORKER_PROTOCOL || oldestProtocol > WORKER_PROTOCOL) {
    const message = fact('WORKER_OTHER_VERSION', { theirs: protocol, ours: WORKER_PROTOCOL });
    return { code: 'WORKER_VERSION', message };
  }
  if (Math.abs(theirs - now) <= CLOCK_TOLERANCE_MS) return null;
  const seconds = Math.round((theirs - now) / 1000);
  return { code: 'CLOCK_WRONG', message: fact('WORKER_CLOCK_OFF', { seconds }) };
}

/** null if it is no longer listed: it left on its own while its machine stayed on, or it was lost long ago. */
export function workerState(
  { seenAt }: Pick<TaskWorkerRecord, 'seenAt'>,
  live: Pick<LiveWorker, 'draining' | 'left'> | null,
  machine: WorkerMachine | null,
  now: number,
): TaskWorker['state'] | null {
  const reports = live !== null && !live.left && now - seenAt < LEASE_MS;
  if (reports) return live.draining ? 'draining' : 'online';
  if (machine === 'asleep') return 'asleep';
  if (live?.left) return null;
  return machine === 'unknown' || now - seenAt < LOST_LISTED_MS ? 'lost' : null;
}

/** Whether one that is not listed is given up. One on a machine of the fleet may come back with it. */
export const isForgotten = (
  { nodeId, seenAt }: Pick<TaskWorkerRecord, 'nodeId' | 'seenAt'>,
  now: number,
): boolean => nodeId === null || now - seenAt > FORGOTTEN_MS;

export function workerView(
  record: TaskWorkerRecord,
  live: LiveWorker | null,
  state: TaskWorker['state'],
): TaskWorker {
  const online = state === 'online' || state === 'draining';
  return {
    ...record,
    state,
    active: online ? (live?.active ?? 0) : 0,
    load: online ? (live?.load ?? null) : null,
    sharedFolder: live?.sharedFolder ?? false,
    trouble: live?.trouble ?? null,
  };
}
