/** BullMQ's backend with the two calls that a queue without a processor needs: claim for a worker, and complete. */
import { QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import type { Redis } from 'ioredis';
import type { TaskQueueName } from '../../../../shared/models/tasks.ts';
import type { Hash } from './job.ts';

export interface Claimed {
  id: string;
  hash: Hash;
}

export interface ClaimOutcome {
  claimed: Claimed | null;
  /** When the first delayed one is due; null without one. */
  nextAt: number | null;
}

export type Completion = 'missing' | 'no-lease' | ClaimOutcome;

class TaskBackend extends RedisQueueBackend {
  /** Backends with another lease, on the same connection. */
  readonly #others = new Map<number, TaskBackend>();

  /** Options of BullMQ's workers, which its scripts read for every kind of backend. */
  get #lease(): { lockDuration?: number; name?: string | undefined } {
    return this.queue.opts as object;
  }

  withLease(leaseMs: number): TaskBackend {
    if (this.#lease.lockDuration === leaseMs) return this;
    let other = this.#others.get(leaseMs);
    if (other === undefined) {
      other = new TaskBackend(
        this.connection,
        this.name,
        this.queue.keys,
        this.queue.toKey,
        Object.assign({ ...this.queue.opts }, { lockDuration: leaseMs }),
        undefined,
        false,
      );
      this.#others.set(leaseMs, other);
    }
    return other;
  }

  async claim(lock: string, workerId: string): Promise<ClaimOutcome> {
    const client = await this.queue.client;
    const { wait, active, prioritized, events, stalled, limiter, delayed, paused, meta, pc, marker } =
      this.queue.keys;
    const keys = [wait, active, prioritized, events, stalled, limiter, delayed, paused, meta, pc, marker];
    const values = [`${this.toKey('')}`, Date.now(), this.#pack(lock, workerId)];
    const answer: unknown = await this.execCommand(client, 'moveToActive', [...keys, ...values]);
    return outcomeOf(Array.isArray(answer) ? answer : []);
  }

  /** Lock, lease and worker, as BullMQ's scripts take them: its own \`moveToActive\` drops fields that it does not know. */
  #pack(lock: string, workerId: string): Buffer {
    this.#lease.name = workerId;
    const values = this.moveToFinishedArgs(noJob(''), '', 'returnvalue', false, 'completed', lock, 0, false);
    const packed = values.find((value) => Buffer.isBuffer(value));
    if (packed === undefined) throw new Error('BullMQ packs its options in another way.');
    return packed;
  }

  async complete(completed: {
    id: string;
    lock: string;
    value: string;
    fields: Record<string, string>;
    now: number;
    /** Worker that gets the next one; null for none. */
    nextFor: string | null;
  }): Promise<Completion> {
    const { id, lock, value, fields, now, nextFor } = completed;
    const client = await this.queue.client;
    // Read before the next await: the options are the same object for all calls.
    this.#lease.name = nextFor ?? undefined;
    const values = this.moveToFinishedArgs(
      noJob(id),
      value,
      'returnvalue',
      false,
      'completed',
      lock,
      now,
      nextFor !== null,
      fields,
    );
    const answer: unknown = await this.execCommand(client, 'moveToFinished', values);
    if (typeof answer === 'number' && answer < 0) return answer === -1 ? 'missing' : 'no-lease';
    return outcomeOf(Array.isArray(answer) ? answer : []);
  }
}

export type { TaskBackend };

/** What the arguments are made from. */
type ArgumentJob = Parameters<RedisQueueBackend['moveToCompleted']>[0];
const noJob = (id: string) => ({ id, opts: { attempts: 1 } }) as unknown as ArgumentJob;

/** Opens the backend of one queue on a connection that stays the caller's. */
export function openBackend(client: Redis, name: TaskQueueName, prefix: string): TaskBackend {
  const connection = new RedisConnection(client, { shared: true, blocking: false, skipVersionCheck: true });
  const keys = new QueueKeys(prefix);
  const options = { connection: client, prefix } as ConstructorParameters<typeof RedisQueueBackend>[4];
  return new TaskBackend(connection, name, keys.getKeys(name), (type) => keys.toKey(name, type), options);
}

/** As BullMQ answers: the fields of the job, its id, how long a rate limit lasts, when the next one is due. */
function outcomeOf(answer: readonly unknown[]): ClaimOutcome {
  const [fields, id, , nextAt] = answer;
  const due = Number(nextAt ?? 0);
  const base = { nextAt: due > 0 ? due : null };
  if (typeof fields !== 'object' || fields === null) return { claimed: null, ...base };
  return {
    claimed: { id: String(id), hash: Array.isArray(fields) ? pairs(fields) : (fields as Hash) },
    ...base,
  };
}

export function pairs(fields: readonly unknown[]): Record<string, string> {
  const hash: Record<string, string> = {};
  for (let at = 0; at < fields.length; at += 2) hash[String(fields[at])] = String(fields[at + 1]);
  return hash;
}
