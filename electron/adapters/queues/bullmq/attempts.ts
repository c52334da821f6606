/** The attempts at tasks in Redis: claims, their renewal, their ends, and what is lost. */
import { randomUUID } from 'node:crypto';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type {
  TaskFailure,
  TaskQueueName,
  TaskResult,
  TaskState,
  TaskStep,
} from '../../../../shared/models/tasks.ts';
import type {
  ClaimRequest,
  LeaseProof,
  LeaseState,
  TaskClaim,
  TaskReport,
} from '../../../core/ports/task-queue.ts';
import { LOG_LIMIT, queueSteps, stateAfterAttempt } from '../../../core/tasks/queue-steps.ts';
import type { Claimed } from './backend.ts';
import {
  attemptsOf,
  type FoundJob,
  type Hash,
  maxAttemptsOf,
  recordOf,
  returnedOf,
  specOf,
  stepField,
} from './job.ts';
import { isConnectionError, toQueueError } from './redis-errors.ts';
import { partsOf, type RedisWorld, tokenOf } from './redis-world.ts';
import type { TakenTasks } from './waiters.ts';

type Claiming = Pick<ClaimRequest, 'queues' | 'workerId' | 'leaseMs'>;
export interface LostTask {
  id: string;
  workerId: string;
  state: TaskState;
}

const facts = ['ats', 'pb', 'pl:given', 'opts', 'processedOn', 'pl:token'] as const;

export function createAttempts(world: RedisWorld, onLost: (lost: LostTask) => void) {
  const { redis, clock, sure } = world;
  /** Locks of claims whose answers were lost with the connection. */
  const orphans = new Set<string>();
  /** The attempt that this process has given out last, by task. */
  const given = new Map<string, string>();
  /** Where a task was found last. */
  const homes = new Map<string, TaskQueueName>();

  async function takeOne(queue: TaskQueueName, { workerId, leaseMs }: Claiming) {
    const backend = world.backendOf(queue).withLease(leaseMs);
    for (;;) {
      const lock = randomUUID();
      const outcome = await backend.claim(lock, workerId).catch((error: unknown) => {
        if (isConnectionError(error)) orphans.add(lock);
        throw toQueueError(error);
      });
      if (outcome.claimed === null) return { claim: null, nextAt: outcome.nextAt };
      const claim = await admit(queue, outcome.claimed, lock, leaseMs);
      if (claim !== null) return { claim, nextAt: null };
    }
  }

  /** null if it may not be worked on; it has been ended then. */
  async function admit(
    queue: TaskQueueName,
    { id, hash }: Claimed,
    lock: string,
    leaseMs: number,
  ): Promise<TaskClaim | null> {
    const attempt = hash.ats ?? '';
    const token = tokenOf(lock, attempt);
    const proof = { id, token };
    given.set(id, attempt);
    homes.set(id, queue);
    const spec = specOf(hash);
    if (spec === null) {
      const { code, message } = new PilotlightError('BAD_REQUEST');
      await end(proof, hash, { failure: { code, message }, target: 'failed', kind: 'failed' });
      return null;
    }
    // BullMQ's own check of stalled jobs may have put it back although it had no attempt left.
    if (attemptsOf(hash) > maxAttemptsOf(hash)) {
      await end(proof, hash, { failure: workerLeft(), target: 'failed', kind: 'failed' });
      return null;
    }
    const job: FoundJob = { id, queue, state: 'active', due: '', hash };
    return { task: recordOf(job, false, spec), token, leaseUntil: clock.now() + leaseMs };
  }

  async function take(request: Claiming & { count: number }): Promise<TakenTasks> {
    const claims: TaskClaim[] = [];
    const nextAt = new Map<TaskQueueName, number | null>();
    for (const queue of request.queues) {
      while (claims.length < request.count) {
        const taken = await takeOne(queue, request);
        if (taken.claim === null) {
          nextAt.set(queue, taken.nextAt);
          break;
        }
        claims.push(taken.claim);
      }
    }
    return { claims, nextAt };
  }

  async function renew(proofs: readonly LeaseProof[], leaseMs: number): Promise<LeaseState[]> {
    return Promise.all(
      proofs.map(({ id, token }) => {
        const { lock, attempt } = partsOf(token);
        if (isOutdated(id, attempt)) return stateOfEnded(id, token);
        return sure(() => redis.script<LeaseState>('renew', id, lock, attempt, Math.round(leaseMs)));
      }),
    );
  }

  const isOutdated = (id: string, attempt: string): boolean => (given.get(id) ?? attempt) !== attempt;

  async function stateOfEnded(id: string, token: string): Promise<LeaseState> {
    const found = await look(id);
    return found?.state === 'cancelled' && found.hash['pl:token'] === token ? 'cancelled' : 'lost';
  }

  async function look(id: string): Promise<FoundJob | null> {
    const rows = await sure(() =>
      redis.script<[string, string, TaskState, string, (string | null)[]][]>(
        'view',
        facts.length,
        ...facts,
        id,
      ),
    );
    const [row] = rows;
    if (row === undefined) return null;
    const [prefix, , state, due, values] = row;
    const hash: Hash = Object.fromEntries(facts.map((name, index) => [name, values[index] ?? undefined]));
    return { id, queue: world.queueOf(prefix), state, due, hash };
  }

  async function complete(
    proof: LeaseProof,
    result: TaskResult,
    next: Claiming | undefined,
  ): Promise<{ accepted: boolean; next: TaskClaim | null }> {
    const { id, token } = proof;
    const { lock, attempt } = partsOf(token);
    const queue = homes.get(id) ?? (await look(id))?.queue ?? null;
    const fetches = next !== undefined && queue !== null && next.queues[0] === queue;
    const accepted = await finish();
    if (accepted.isAccepted) forget(id, attempt);
    if (next === undefined) return { accepted: accepted.isAccepted, next: null };
    if (accepted.next !== null && queue !== null) {
      const claim = await admit(queue, accepted.next, lock, next.leaseMs);
      if (claim !== null) return { accepted: accepted.isAccepted, next: claim };
    }
    const { claims } = await take({ ...next, count: 1 });
    return { accepted: accepted.isAccepted, next: claims[0] ?? null };

    async function finish(): Promise<{ isAccepted: boolean; next: Claimed | null }> {
      if (queue === null || isOutdated(id, attempt)) return { isAccepted: false, next: null };
      const { value, fields } = returnedOf(result);
      let wasLost = false;
      for (let round = 1; ; round += 1) {
        try {
          const done = await world
            .backendOf(queue)
            .withLease(next?.leaseMs ?? 30_000)
            .complete({
              ...{ id, lock, value, now: clock.now(), nextFor: fetches ? next.workerId : null },
              fields: { ...fields, 'pl:token': token },
            });
          if (typeof done === 'object') return { isAccepted: true, next: done.claimed };
          // Its lock ended during an outage, but no other worker has it.
          const isHeld = !wasLost && round === 1 && (await renew([proof], 30_000))[0] === 'held';
          if (!isHeld) return await repeated(wasLost);
        } catch (error) {
          if (round >= 3 || !isConnectionError(error)) throw toQueueError(error);
          wasLost = true;
        }
      }
    }

    /** Whether it was completed with this token before, and what that call has claimed if its answer was lost. */
    async function repeated(wasLost: boolean): Promise<{ isAccepted: boolean; next: Claimed | null }> {
      const found = await look(id);
      const isAccepted = found?.state === 'completed' && found.hash['pl:token'] === token;
      if (!isAccepted || !wasLost || !fetches) return { isAccepted, next: null };
      const [claimed] = await sure(() => redis.script<[string, string][]>('locked', lock));
      if (claimed === undefined) return { isAccepted, next: null };
      const hash = await sure(() => redis.client.hgetall(`${claimed[0]}${claimed[1]}`));
      return { isAccepted, next: { id: claimed[1], hash } };
    }
  }

  function forget(id: string, attempt: string): void {
    if (given.get(id) === attempt) {
      given.delete(id);
      homes.delete(id);
    }
  }

  interface Ending {
    failure: TaskFailure | null;
    target: 'waiting' | 'delayed' | 'failed';
    kind: 'failed' | 'released' | 'lost';
    runAt?: number;
  }

  /** false if the lease was lost. */
  async function end(
    proof: LeaseProof,
    hash: Hash,
    { failure, target, kind, runAt = 0 }: Ending,
  ): Promise<boolean> {
    const { lock, attempt } = partsOf(proof.token);
    const now = clock.now();
    const worker = hash.pb ?? '';
    const steps: TaskStep[] = [
      {
        ...queueSteps.claimed(worker, attemptsOf(hash), maxAttemptsOf(hash)),
        at: Number(hash.processedOn ?? now),
      },
    ];
    if (kind === 'released') steps.push({ ...queueSteps.released(worker), at: now });
    else if (kind === 'lost') steps.push({ ...queueSteps.lost(worker), at: now });
    else if (failure !== null) steps.push({ ...queueSteps.failed(worker, failure), at: now });
    const fields = [
      ...(failure === null ? [] : ['pl:failure', JSON.stringify(failure), 'failedReason', failure.message]),
      ...['pl:token', kind === 'failed' ? proof.token : ''],
      ...steps.flatMap(stepField),
    ];
    const isReturned = kind === 'released' ? '1' : '0';
    const ended = await sure(() =>
      redis.script<number | null>(
        ...([
          'end',
          proof.id,
          lock,
          attempt,
          now,
          target,
          runAt,
          failure?.message ?? '',
          isReturned,
        ] as const),
        ...fields,
      ),
    );
    if (ended === 1) forget(proof.id, attempt);
    return ended === 1;
  }

  async function fail(
    proof: LeaseProof,
    failure: TaskFailure,
    retryAfterMs: number | null,
  ): Promise<TaskState | null> {
    const found = await look(proof.id);
    if (found === null) return null;
    const { hash } = found;
    const counts = { attempts: attemptsOf(hash), maxAttempts: maxAttemptsOf(hash) };
    const target = stateAfterAttempt(counts, retryAfterMs);
    const runAt = clock.now() + (retryAfterMs ?? 0);
    const isOld = isOutdated(proof.id, partsOf(proof.token).attempt);
    if (!isOld && (await end(proof, hash, { failure, target, kind: 'failed', runAt }))) return target;
    const after = await look(proof.id);
    const isRepeated =
      after?.hash['pl:token'] === proof.token && ['waiting', 'delayed', 'failed'].includes(after.state);
    return isRepeated ? after.state : null;
  }

  async function release(proof: LeaseProof, delayMs: number): Promise<void> {
    const found = await look(proof.id);
    if (found === null || isOutdated(proof.id, partsOf(proof.token).attempt)) return;
    const target = delayMs > 0 ? 'delayed' : 'waiting';
    await end(proof, found.hash, { failure: null, target, kind: 'released', runAt: clock.now() + delayMs });
  }

  async function report(reports: readonly TaskReport[]): Promise<void> {
    await Promise.all(
      reports.map(async ({ id, token, progress, progressText, log }) => {
        const { lock, attempt } = partsOf(token);
        if (isOutdated(id, attempt)) return;
        const text = progressText === null ? '' : ` ${progressText}`;
        const prefix = await sure(() =>
          redis.script<string | null>('report', id, lock, attempt, progress === null ? '' : progress, text),
        );
        if (prefix !== null && log !== '') await sure(() => redis.log(`${prefix}${id}:logs`, log, LOG_LIMIT));
      }),
    );
  }

  type EndedRow = [
    id: string,
    ats: string | null,
    pb: string | null,
    given: string | null,
    opts: string | null,
    at: string | null,
  ];

  /** Ends the attempts whose locks have ended. */
  async function endLost(): Promise<void> {
    for (const row of await redis.script<EndedRow[]>('ended')) await lose(row);
  }

  /** BullMQ's own check, run by a worker of another program, has found one. */
  async function onStalled(id: string): Promise<void> {
    const row = await redis.script<EndedRow | null>('stalled', id);
    if (row !== null) await lose(row);
  }

  async function lose([id, ats, pb, back, opts, processedOn]: EndedRow): Promise<void> {
    const hash: Hash = {
      ...{ ats: ats ?? '', pb: pb ?? '', 'pl:given': back ?? '0', opts: opts ?? '{}' },
      processedOn: processedOn ?? '0',
    };
    const counts = { attempts: attemptsOf(hash), maxAttempts: maxAttemptsOf(hash) };
    const target = stateAfterAttempt(counts, 0);
    const proof = { id, token: tokenOf('', ats ?? '') };
    if (await end(proof, hash, { failure: workerLeft(), target, kind: 'lost' }))
      onLost({ id, workerId: pb ?? '', state: target });
  }

  /** After a break: what was claimed without anyone knowing goes back. */
  async function giveBackOrphans(): Promise<void> {
    for (const lock of [...orphans]) {
      const rows = await sure(() => redis.script<[string, string][]>('locked', lock));
      for (const [, id] of rows) {
        const found = await look(id);
        if (found !== null) await release({ id, token: tokenOf(lock, found.hash.ats ?? '') }, 0);
      }
      orphans.delete(lock);
    }
  }

  return { take, renew, complete, fail, release, report, endLost, onStalled, giveBackOrphans };
}

function workerLeft(): TaskFailure {
  const { code, message } = new PilotlightError('WORKER_LEFT');
  return { code, message };
}
