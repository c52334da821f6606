/** Who needs this machine, and until when. Times use the monotonic clock. */
import type { LeaseRequest } from '../../../shared/contract/agent/requests.ts';
import type { Clock, Timer } from '../../adapters/agent-host/types.ts';
import { AgentError } from '../errors.ts';
import type { LeaseJournal, LeaseRecord } from './journal.ts';

export type { LeaseRequest };

export interface LeaseView extends LeaseRecord {
  /** Seconds until it expires unless it is renewed. */
  remainingSeconds: number;
}

export interface Leases {
  /** Begins or renews. Throws LEASE_OF_ANOTHER, TOO_MANY_LEASES, DISK_TROUBLE; nothing is changed then. */
  put(id: string, request: LeaseRequest): { lease: LeaseView; begun: boolean };
  get(id: string): LeaseView | null;
  list(): LeaseView[];
  /** Throws NOT_FOUND. */
  end(id: string): void;
  /** Number of live leases. */
  count(): number;
  /** Subtracts a sleep from the leases: their time passed although the monotonic clock stopped. */
  slept(ms: number): void;
  stop(): void;
}

export interface LeasesOptions {
  clock: Clock;
  journal: LeaseJournal;
  /** Called after a lease began, ended or expired. */
  onChange(change: { began: string[]; ended: string[]; expired: boolean; live: number }): void;
  most?: number;
}

interface Held {
  record: LeaseRecord;
  /** Monotonic, milliseconds. */
  endsAt: number;
  /** Whether it would survive a restart. */
  saved: boolean;
}

export function createLeases({ clock, journal, onChange, most = 500 }: LeasesOptions): Leases {
  const held = new Map<string, Held>();
  let timer: Timer | null = null;
  let timerAt = Number.POSITIVE_INFINITY;

  // Renewals were only in memory, so each lease gets one full time to live.
  for (const record of journal.kept) {
    held.set(record.id, { record, endsAt: clock.monotonic() + record.ttlSeconds * 1000, saved: true });
  }
  plan();

  /** A renewal does not restart the timer, which checks the new end when it fires; this keeps renewals cheap. */
  function plan(): void {
    let next = Number.POSITIVE_INFINITY;
    for (const { endsAt } of held.values()) next = Math.min(next, endsAt);
    if (next >= timerAt) return;
    timer?.cancel();
    timerAt = next;
    timer = clock.timer(Math.max(0, next - clock.monotonic()), () => {
      timer = null;
      timerAt = Number.POSITIVE_INFINITY;
      expire();
      plan();
    });
  }

  function expire(): void {
    const now = clock.monotonic();
    const ended = [...held.values()].filter(({ endsAt }) => endsAt <= now).map(({ record }) => record.id);
    if (ended.length === 0) return;
    for (const id of ended) held.delete(id);
    try {
      journal.end(ended);
    } catch {
      // With a full disk it comes back after a restart, for one time to live.
    }
    onChange({ began: [], ended, expired: true, live: held.size });
  }

  /** A lease that cannot be written still counts: a full disk must not power the machine off during work. */
  function save(lease: Held): void {
    try {
      journal.begin(lease.record);
      lease.saved = true;
    } catch (cause) {
      const message = 'The lease could not be written to the disk: it applies only until the agent restarts.';
      throw new AgentError('DISK_TROUBLE', { message, cause });
    }
  }

  function view({ record, endsAt }: Held): LeaseView {
    return { ...record, remainingSeconds: Math.max(0, Math.round((endsAt - clock.monotonic()) / 100) / 10) };
  }

  return {
    put(id, request) {
      expire();
      const before = held.get(id);
      if (before !== undefined && before.record.holder !== request.holder) {
        throw new AgentError('LEASE_OF_ANOTHER', { details: { holder: before.record.holder } });
      }
      if (before === undefined && held.size >= most) throw new AgentError('TOO_MANY_LEASES');
      const endsAt = clock.monotonic() + request.ttlSeconds * 1000;
      const same =
        before?.record.purpose === request.purpose && before.record.ttlSeconds === request.ttlSeconds;
      if (before?.saved === true && same) {
        before.endsAt = endsAt;
        return { lease: view(before), begun: false };
      }
      const record = { id, ...request, createdAt: before?.record.createdAt ?? clock.now() };
      const next = { record, endsAt, saved: false };
      held.set(id, next);
      plan();
      if (before === undefined) onChange({ began: [id], ended: [], expired: false, live: held.size });
      save(next);
      return { lease: view(next), begun: before === undefined };
    },
    get(id) {
      expire();
      const found = held.get(id);
      return found === undefined ? null : view(found);
    },
    list() {
      expire();
      return [...held.values()].map(view);
    },
    end(id) {
      expire();
      const found = held.get(id);
      if (found === undefined) throw new AgentError('NOT_FOUND', { message: 'There is no such lease.' });
      try {
        journal.end([id]);
      } catch (error) {
        // One that was never written does not come back.
        if (found.saved) throw error;
      }
      held.delete(id);
      onChange({ began: [], ended: [id], expired: false, live: held.size });
    },
    count() {
      expire();
      return held.size;
    },
    slept(ms) {
      for (const one of held.values()) one.endsAt -= ms;
      expire();
      plan();
    },
    stop() {
      timer?.cancel();
      journal.close();
    },
  };
}
