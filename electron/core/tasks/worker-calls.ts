/** What workers ask for: tasks to work on, leases to renew, results to keep. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { TaskMeans, WorkerAnswer } from '../../../shared/contract/task-worker.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { ContentType, TaskRecord } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { LeaseProof, LeaseState, TaskClaim } from '../ports/task-queue.ts';
import type { Clock, Random } from '../ports/time.ts';
import { createAddressedTasks } from './addressed-tasks.ts';
import type { Ingest } from './ingest.ts';
import type { LentMeans } from './lent-means.ts';
import { needsMeans } from './means.ts';
import type { GivenTask, InputFile, TaskWorkers, WorkerCaller } from './model.ts';
import { privateHosts } from './private-hosts.ts';
import { retryDelayMs } from './retry-delay.ts';
import type { TaskEngine } from './task-engine.ts';
import type { WorkerRegistry } from './worker-registry.ts';
import { BEAT_MS, LEASE_MS, workerTrouble } from './worker-state.ts';

export interface HeldTask extends LeaseProof {
  workerId: string;
  task: TaskRecord;
}

export interface WorkerCalls extends Omit<TaskWorkers, 'list' | 'knows' | 'drain' | 'faces'> {
  /** Tasks that workers have now, as far as this core gave them out. */
  held(): readonly HeldTask[];
  /** Its lease has ended. */
  lost(taskId: string): void;
  /** What is held has changed. */
  onHeld(listener: () => void): void;
}

export interface WorkerCallsDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  engine: Pick<TaskEngine, 'queue'>;
  registry: WorkerRegistry;
  settings: { current(): Settings };
  ingest: Pick<Ingest, 'keep' | 'discard' | 'completed'>;
  inputFile(input: TaskRecord['spec']['input']): Promise<InputFile | null>;
  /** Whether a worker proves that it reads the shared folder itself. */
  readsSharedFolder(proof: string | null): boolean;
  /** What a worker may use for media. */
  meansFor: LentMeans['for'];
  /** Whether any known worker can work on it, online or not. */
  isKnownKind(contentType: ContentType): boolean;
}

/** A task of a kind that this worker cannot do is offered to others for so long before it sees it again. */
const OTHER_WORKER_MS = 15_000;
/** How long a worker that checks itself waits for the queue, milliseconds. */
const CHECK_WAIT_MS = 500;

export function createWorkerCalls(dependencies: WorkerCallsDependencies): WorkerCalls {
  const { clock, random, log, engine, registry, settings, ingest } = dependencies;
  const held = new Map<string, HeldTask>();
  const addressed = createAddressedTasks(clock, { leaseMs: LEASE_MS });
  let onHeld = () => {};

  function heldBy(workerId: string): HeldTask[] {
    return [...held.values()].filter((one) => one.workerId === workerId);
  }

  function heldChanged(workerId: string): void {
    registry.setActive(workerId, heldBy(workerId).length);
    onHeld();
  }

  function hold(workerId: string, { task, token }: Pick<TaskClaim, 'task' | 'token'>): void {
    held.set(task.id, { id: task.id, token, workerId, task });
  }

  function letGo({ id, token }: LeaseProof): void {
    const one = held.get(id);
    if (one?.token !== token) return;
    held.delete(id);
    heldChanged(one.workerId);
  }

  /** Renews leases; what is not held any more is let go. */
  async function renew(workerId: string, proofs: readonly LeaseProof[]): Promise<LeaseState[]> {
    if (proofs.length === 0) return [];
    const states = await (await engine.queue()).renew(proofs, LEASE_MS);
    for (const [index, proof] of proofs.entries()) if (states[index] !== 'held') letGo(proof);
    registry.seen(workerId);
    return states;
  }

  /** A worker that comes back after this core was restarted. */
  async function takeBack(workerId: string, proofs: readonly LeaseProof[]): Promise<LeaseState[]> {
    const states = await renew(workerId, proofs);
    const queue = await engine.queue();
    for (const [index, proof] of proofs.entries()) {
      if (states[index] !== 'held' || held.has(proof.id)) continue;
      const found = await queue.get(proof.id);
      if (found) hold(workerId, { task: found.task, token: proof.token });
    }
    heldChanged(workerId);
    return states;
  }

  /** What a worker does not name when it introduces itself is lost: it was started again, or never got it. */
  async function takeAway(workerId: string, kept: readonly LeaseProof[]): Promise<void> {
    const tokens = new Set(kept.map(({ token }) => token));
    const gone = heldBy(workerId).filter(({ token }) => !tokens.has(token));
    if (gone.length === 0) return;
    const queue = await engine.queue();
    for (const { id, token } of gone) {
      await queue.fail({ id, token }, failureOf(new PilotlightError('WORKER_LEFT')), 0);
      letGo({ id, token });
    }
  }

  /** Whether it is for another worker: it waits for that one, or goes back. */
  async function isForAnother(workerId: string, claim: TaskClaim, caller: WorkerCaller): Promise<boolean> {
    const { task, token } = claim;
    const { onlyWorker } = task.spec;
    if (onlyWorker === workerId) return false;
    if (onlyWorker === undefined && !registry.require(workerId, caller).live.checkOnly) return false;
    if (onlyWorker !== undefined && registry.queueOf(onlyWorker) !== null) addressed.park(onlyWorker, claim);
    else {
      const queue = await engine.queue();
      await queue.release({ id: task.id, token }, onlyWorker === undefined ? 0 : OTHER_WORKER_MS);
    }
    return true;
  }

  /** null if this worker cannot work on it: it goes back, or has failed. */
  async function give(
    workerId: string,
    { task, token }: TaskClaim,
    caller: WorkerCaller,
  ): Promise<GivenTask | null> {
    const { record, live } = registry.require(workerId, caller);
    const { input, contentType } = task.spec;
    const queue = await engine.queue();
    const proof = { id: task.id, token };
    if (!record.contentTypes.includes(contentType)) {
      if (dependencies.isKnownKind(contentType)) await queue.release(proof, OTHER_WORKER_MS);
      else await queue.fail(proof, failureOf(new PilotlightError('HANDLER_MISSING')), null);
      return null;
    }
    try {
      const file = await dependencies.inputFile(input);
      return {
        ...proof,
        spec: task.spec,
        queue: task.queue,
        attempt: task.attempts,
        sharedPath: input.kind === 'shared' && live.sharedFolder ? input.path : null,
        ...(caller.local && file !== null && { localPath: file.absolute }),
        ...(needsMeans.has(contentType) && { means: meansFor(record, caller, task) }),
        ...(input.kind === 'url' && { allowedHosts: privateHosts(settings.current().tasks.privateHosts) }),
      };
    } catch (error) {
      // Without its input another attempt would fail the same way.
      if (!isPilotlightError(error)) throw error;
      await queue.fail(proof, failureOf(error), null);
      return null;
    }
  }

  async function giveAll(
    workerId: string,
    claims: readonly TaskClaim[],
    caller: WorkerCaller,
  ): Promise<GivenTask[]> {
    const given: GivenTask[] = [];
    for (const claim of claims) {
      if (await isForAnother(workerId, claim, caller)) continue;
      const task = await give(workerId, claim, caller);
      if (task === null) continue;
      hold(workerId, claim);
      given.push(task);
    }
    heldChanged(workerId);
    return given;
  }

  async function giveBack(proofs: readonly LeaseProof[]): Promise<void> {
    const queue = await engine.queue();
    for (const proof of proofs) {
      await queue.release({ id: proof.id, token: proof.token }, 0);
      letGo(proof);
    }
  }

  async function recordOf(proof: LeaseProof): Promise<TaskRecord | null> {
    const known = held.get(proof.id);
    if (known?.token === proof.token) return known.task;
    return (await (await engine.queue()).get(proof.id))?.task ?? null;
  }

  function meansFor(
    { id, name }: { id: string; name: string },
    { credentialId }: WorkerCaller,
    task: Pick<TaskRecord, 'id' | 'spec'> | null,
  ): TaskMeans {
    const given = task === null ? null : { id: task.id, timeLimitMs: task.spec.timeLimitMs };
    return dependencies.meansFor({ id, name, credentialId }, given);
  }

  return {
    held: () => [...held.values()],
    onHeld(listener) {
      onHeld = listener;
    },
    lost(taskId) {
      const one = held.get(taskId);
      if (one) letGo(one);
    },
    async hello(request, caller) {
      const trouble = workerTrouble(request, clock.now());
      const sharedFolder = dependencies.readsSharedFolder(request.sharedFolderProof);
      registry.greet(request, { caller, trouble: trouble?.message ?? null, sharedFolder });
      await takeAway(request.id, request.tasks);
      const states = await takeBack(request.id, request.tasks);
      const worker = registry.get(request.id);
      return {
        leaseMs: LEASE_MS,
        beatMs: BEAT_MS,
        memoryLimitMb: settings.current().tasks.memoryLimitMb,
        now: clock.now(),
        sharedFolder,
        drain: worker?.state === 'draining',
        refused: trouble === null ? null : refusal(new PilotlightError(trouble.code, trouble)),
        tasks: request.tasks.map(({ id }, index) => ({ id, state: states[index] ?? 'lost' })),
        ...(trouble === null && { means: meansFor(request, caller, null) }),
      };
    },
    async claim({ workerId, count, waitMs }, caller, signal) {
      const { record, live } = registry.require(workerId, caller);
      registry.seen(workerId);
      const free = record.slots - heldBy(workerId).length;
      if (live.draining || live.trouble !== null || free <= 0) {
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        return { tasks: [], drain: live.draining };
      }
      const own = addressed.take(workerId, Math.min(count, free));
      if (own.length > 0) return { tasks: await giveAll(workerId, own, caller), drain: false };
      const queue = await engine.queue();
      // Its task may be given to another worker meanwhile, and then waits here.
      const patienceMs = live.checkOnly ? Math.min(waitMs, CHECK_WAIT_MS) : waitMs;
      const claims = await queue.claim(
        {
          ...{ queues: record.queues, workerId, leaseMs: LEASE_MS, waitMs: patienceMs },
          count: Math.min(count, free),
        },
        signal,
      );
      const { live: now } = registry.require(workerId, caller);
      // It hung up, was drained or was refused while it waited.
      if (signal.aborted || now.draining || now.trouble !== null) {
        await giveBack(claims.map(({ task, token }) => ({ id: task.id, token })));
        return { tasks: [], drain: now.draining };
      }
      registry.seen(workerId);
      return { tasks: await giveAll(workerId, claims, caller), drain: now.draining };
    },
    async beat({ workerId, load, tasks }, caller) {
      registry.require(workerId, caller);
      registry.seen(workerId, load);
      const proofs = tasks.map(({ id, token }) => ({ id, token }));
      const queue = await engine.queue();
      // What it printed before it was cancelled is kept, too.
      await queue.report(tasks);
      const states = await renew(workerId, proofs);
      const { live } = registry.require(workerId, caller);
      return {
        tasks: proofs.map(({ id }, index) => ({ id, state: states[index] ?? 'lost' })),
        drain: live.draining,
      };
    },
    async complete({ workerId, id, token, result, claimNext }, caller) {
      const { record, live } = registry.require(workerId, caller);
      registry.seen(workerId);
      const proof = { id, token };
      const task = await recordOf(proof);
      // Stored before it counts as completed: a crash in between repeats the work, and loses nothing.
      const kept = task?.spec.store ? await ingest.keep(task, result) : null;
      const queue = await engine.queue();
      const mayTake = claimNext && !live.draining && live.trouble === null;
      const { accepted, next } = await queue.complete(
        proof,
        result,
        mayTake ? { queues: record.queues, workerId, leaseMs: LEASE_MS } : undefined,
      );
      letGo(proof);
      if (accepted) {
        registry.counted(workerId, 'done');
        if (task !== null && kept !== null) ingest.completed(task, kept);
      } else if (kept !== null) await ingest.discard(id);
      const given = next === null ? [] : await giveAll(workerId, [next], caller);
      return { accepted, next: given[0] ?? null, drain: live.draining };
    },
    async fail({ workerId, id, token, failure, retry }, caller) {
      registry.require(workerId, caller);
      registry.seen(workerId);
      const proof = { id, token };
      const attempt = (await recordOf(proof))?.attempts ?? 1;
      const queue = await engine.queue();
      const state = await queue.fail(proof, failure, retry ? retryDelayMs(attempt, random()) : null);
      letGo(proof);
      if (state !== null) registry.counted(workerId, 'failed');
      return { state };
    },
    async release({ workerId, tasks }, caller) {
      registry.require(workerId, caller);
      registry.seen(workerId);
      await giveBack(tasks);
      return { ok: true };
    },
    async bye({ workerId }, caller) {
      registry.require(workerId, caller);
      try {
        await giveBack(heldBy(workerId));
      } catch (error) {
        // Their leases end by themselves.
        log.debug('The tasks of a worker could not be given back.', { workerId, error: String(error) });
      }
      registry.leave(workerId);
      return { ok: true };
    },
  };
}

const failureOf = ({ code, message }: PilotlightError) => ({ code, message });

const refusal = ({ code, message, next }: PilotlightError): WorkerAnswer<'hello'>['refused'] => ({
  code,
  error: message,
  next,
});
