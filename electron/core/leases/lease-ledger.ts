/** The leases of this core: who needs which machine, for what, until when. Stored durably. */

import { createEmitter } from '../../../shared/emitter.ts';
import { purposeText } from '../../../shared/lease-purpose.ts';
import { type Message, plainText } from '../../../shared/models/message.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import { oneLine } from '../../../shared/printable.ts';
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
   * Begins a lease; dispose to end it, which is idempotent. On a full disk a job's lease is held in memory only, so that
   * the job continues; for a person this throws DISK_FULL.
   */
  hold(request: LeaseRequest): HeldLease;
  /** Current leases, oldest first. */
  list(nodeId?: string): LeaseRecord[];
  get(leaseId: string): LeaseRecord | null;
  /** Ends a lease; null if there is no current one with that id. */
  end(leaseId: string): LeaseRecord | null;
  /** Ids of leases of an earlier core that the node's agent may still hold; each is returned once. */
  takeOrphans(nodeId: string): string[];
  /** Ends all leases of a removed node. */
  forget(nodeId: string): void;
  onChange(listener: (nodeId: string, change: LeaseChange) => void): () => void;
  /** Ends leases that expired while this computer slept. */
  resume(): void;
  stop(): void;
}

export interface LeaseLedgerDependencies {
  clock: Clock;
  ids: Ids;
  log: Log;
  store: Pick<PowerStore, 'putLease' | 'openLeases'>;
  /** The name under which leases are held. */
  holder(): string;
  /** Says at the node why it is needed, until disposed. */
  use(nodeId: string, reason: Message): Disposable;
}

/** The wall clock may be changed, so a distant end is checked again at this interval. */
const LONGEST_TIMER_MS = 600_000;
const MAX_LENGTH = 200;

interface LiveLease {
  lease: LeaseRecord;
  use: Disposable;
}

export function createLeaseLedger(dependencies: LeaseLedgerDependencies): LeaseLedger {
  const { clock, ids, log, store, holder, use } = dependencies;
  const held = new Map<string, LiveLease>();
  const orphans = new Map<string, string[]>();
  const changed = createEmitter<[nodeId: string, change: LeaseChange]>({ name: 'leases', log });
  let timer: Timer | null = null;
  let stopped = false;

  function save(lease: LeaseRecord): void {
    try {
      store.putLease(lease);
    } catch (error) {
      // A lease that ended is over even so; the next core ends it again.
      log.warn('A lease could not be saved.', { lease: lease.id, error: String(error) });
    }
  }

  function add(lease: LeaseRecord, reason = plainText(lease.purpose)): void {
    held.set(lease.id, { lease, use: use(lease.nodeId, reason) });
  }

  function load(): void {
    const now = clock.now();
    for (const lease of store.openLeases()) {
      // Jobs take a new lease when they resume; a person's lease outlives the program.
      if (lease.kind === 'person' && (lease.until === null || lease.until > now)) {
        add(lease);
        continue;
      }
      save({ ...lease, endedAt: Math.min(now, lease.until ?? now) });
      orphans.set(lease.nodeId, [...(orphans.get(lease.nodeId) ?? []), lease.id]);
    }
  }

  function end(leaseId: string, at: number): LeaseRecord | null {
    const entry = held.get(leaseId);
    if (!entry) return null;
    held.delete(leaseId);
    const ended = { ...entry.lease, endedAt: at };
    save(ended);
    entry.use[Symbol.dispose]();
    changed.emit(ended.nodeId, { ended });
    return ended;
  }

  function scheduleExpiry(): void {
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
    scheduleExpiry();
  }

  load();
  scheduleExpiry();

  return {
    hold({ nodeId, kind, purpose, until = null }) {
      const lease: LeaseRecord = {
        id: ids.next('lease'),
        nodeId,
        kind,
        holder: forAgents(holder()),
        purpose: forAgents(purposeText(purpose)),
        createdAt: clock.now(),
        until,
        endedAt: null,
      };
      if (kind === 'person') store.putLease(lease);
      else save(lease);
      add(lease, typeof purpose === 'string' ? undefined : purpose);
      scheduleExpiry();
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
      scheduleExpiry();
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
      scheduleExpiry();
    },
    onChange: changed.on,
    resume: expire,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}

/** Shortened, on one line and not empty, as agents require; a folder may have any name. */
function forAgents(text: string): string {
  return oneLine(text).slice(0, MAX_LENGTH) || 'unnamed';
}
