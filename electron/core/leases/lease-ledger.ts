/** The leases of this core: who needs which machine, for what, until when. What begins and ends is durable. */
import { createEmitter } from '../../../shared/emitter.ts';
import { purposeText } from '../../../shared/lease-purpose.ts';
import { type Message, plainText } from '../../../shared/models/message.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Clock, Ids, Timer } from '../ports/time.ts';

export interface LeaseRequest {
  nodeId: string;
  kind: LeaseRecord['kind'];
  /** A person's own text, or a message, which is saved as its text. */
  purpose: string | Message;
  /** When it ends by itself, milliseconds since the epoch; left out or null: when it is ended. */
  until?: number | null;
}

export interface HeldLease extends Disposable {
  readonly lease: LeaseRecord;
}

export type LeaseChange = { began: LeaseRecord } | { ended: LeaseRecord };

export interface LeaseLedger {
  /**
   * Begins a lease; dispose when the need is over, more than once counts once. A job goes on though the disk is full:
   * its lease then lives in memory alone. For a person it throws DISK_FULL.
   */
  hold(request: LeaseRequest): HeldLease;
  /** Living leases, oldest first. */
  list(nodeId?: string): LeaseRecord[];
  get(leaseId: string): LeaseRecord | null;
  /** Ends a lease; null when none of that name lives. */
  end(leaseId: string): LeaseRecord | null;
  /** Leases of a core before this one that a machine's agent may still hold; each is told once. */
  takeOrphans(nodeId: string): string[];
  /** The node was removed: its leases are over. */
  forget(nodeId: string): void;
  onChange(listener: (nodeId: string, change: LeaseChange) => void): () => void;
  /** Looks whether leases ended while this computer slept. */
  resume(): void;
  stop(): void;
}

export interface LeaseLedgerDependencies {
  clock: Clock;
  ids: Ids;
  log: Log;
  store: Pick<PowerStore, 'putLease' | 'openLeases'>;
  /** Under which name leases are held now. */
  holder(): string;
  /** Says at the node why it is needed, until disposed. */
  use(nodeId: string, reason: Message): Disposable;
}

/** The clock on the wall may be put forward: a far end is looked at again now and then. */
const LONGEST_TIMER_MS = 600_000;
const LONGEST_WORDS = 200;

interface Held {
  lease: LeaseRecord;
  use: Disposable;
}

export function createLeaseLedger(dependencies: LeaseLedgerDependencies): LeaseLedger {
  const { clock, ids, log, store, holder, use } = dependencies;
  const held = new Map<string, Held>();
  const orphans = new Map<string, string[]>();
  const changed = createEmitter<[nodeId: string, change: LeaseChange]>({ name: 'leases', log });
  let timer: Timer | null = null;
  let stopped = false;

  function keep(lease: LeaseRecord): void {
    try {
      store.putLease(lease);
    } catch (error) {
      // It is over all the same; a core after this one ends it again.
      log.warn('A lease could not be written down.', { lease: lease.id, error: String(error) });
    }
  }

  function take(lease: LeaseRecord, reason = plainText(lease.purpose)): void {
    held.set(lease.id, { lease, use: use(lease.nodeId, reason) });
  }

  function load(): void {
    const now = clock.now();
    for (const lease of store.openLeases()) {
      // A job that goes on asks anew; a person's word holds beyond the program.
      if (lease.kind === 'person' && (lease.until === null || lease.until > now)) {
        take(lease);
        continue;
      }
      keep({ ...lease, endedAt: Math.min(now, lease.until ?? now) });
      orphans.set(lease.nodeId, [...(orphans.get(lease.nodeId) ?? []), lease.id]);
    }
  }

  function end(leaseId: string, at: number): LeaseRecord | null {
    const entry = held.get(leaseId);
    if (!entry) return null;
    held.delete(leaseId);
    const ended = { ...entry.lease, endedAt: at };
    keep(ended);
    entry.use[Symbol.dispose]();
    changed.emit(ended.nodeId, { ended });
    return ended;
  }

  function plan(): void {
    timer?.cancel();
    timer = null;
    const ends = [...held.values()].flatMap(({ lease }) => (lease.until === null ? [] : [lease.until]));
    if (stopped || ends.length === 0) return;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.min(...ends) - clock.now()));
    timer = clock.timer(ms, expire);
  }

  function expire(): void {
    const now = clock.now();
    for (const { lease } of [...held.values()]) {
      if (lease.until !== null && lease.until <= now) end(lease.id, lease.until);
    }
    plan();
  }

  load();
  plan();

  return {
    hold({ nodeId, kind, purpose, until = null }) {
      const lease: LeaseRecord = {
        id: ids.next('lease'),
        nodeId,
        kind,
        holder: plainWords(holder()),
        purpose: plainWords(purposeText(purpose)),
        createdAt: clock.now(),
        until,
        endedAt: null,
      };
      if (kind === 'person') store.putLease(lease);
      else keep(lease);
      take(lease, typeof purpose === 'string' ? undefined : purpose);
      plan();
      changed.emit(nodeId, { began: lease });
      return {
        lease,
        [Symbol.dispose]: () => void end(lease.id, clock.now()),
      };
    },
    list: (nodeId) =>
      [...held.values()].flatMap(({ lease }) =>
        nodeId === undefined || lease.nodeId === nodeId ? [lease] : [],
      ),
    get: (leaseId) => held.get(leaseId)?.lease ?? null,
    end(leaseId) {
      const ended = end(leaseId, clock.now());
      plan();
      return ended;
    },
    takeOrphans(nodeId) {
      const found = orphans.get(nodeId) ?? [];
      orphans.delete(nodeId);
      return found;
    },
    forget(nodeId) {
      orphans.delete(nodeId);
      for (const { lease } of [...held.values()]) if (lease.nodeId === nodeId) end(lease.id, clock.now());
      plan();
    },
    onChange: changed.on,
    resume: expire,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** As agents take them: the name of a folder may be longer, or hold a line break. */
function plainWords(words: string): string {
  return words.replaceAll(/\p{Cc}+/gu, ' ').slice(0, LONGEST_WORDS);
}
