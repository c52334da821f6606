/** Keeps a machine awake while Immich needs it, and for a minute after: its next picture often follows. */
import { fact } from '../../../shared/models/message.ts';
import type { AcquireLeases } from '../acquire/model.ts';
import type { Clock, Timer } from '../ports/time.ts';

export interface KeepAwake {
  /** One lease for any number of holders. `lingers`: it stays for a while after the last one. */
  hold(nodeId: string, options: { lingers: boolean }): Disposable;
  stop(): void;
}

interface Held {
  lease: ReturnType<AcquireLeases['hold']>;
  holders: number;
  /** Requests were sent there, so the next one may follow. */
  lingers: boolean;
  ending: Timer | null;
}

export const LINGER_MS = 60_000;

export function createKeepAwake({
  clock,
  leases,
}: {
  clock: Pick<Clock, 'timer'>;
  leases: AcquireLeases;
}): KeepAwake {
  const held = new Map<string, Held>();

  function end(nodeId: string): void {
    const entry = held.get(nodeId);
    held.delete(nodeId);
    entry?.ending?.cancel();
    entry?.lease[Symbol.dispose]();
  }

  return {
    hold(nodeId, { lingers }) {
      const before = held.get(nodeId);
      // It may have been ended meanwhile, here or at the machine; then take a new one.
      const joins = before !== undefined && leases.get(before.lease.lease.id) !== null;
      const lease = joins
        ? before.lease
        : leases.hold({ nodeId, kind: 'request', purpose: fact('USED_FOR_IMMICH') });
      before?.ending?.cancel();
      const entry: Held = {
        lease,
        holders: (before?.holders ?? 0) + 1,
        lingers: lingers || (before?.lingers ?? false),
        ending: null,
      };
      if (before !== undefined) Object.assign(before, entry);
      else held.set(nodeId, entry);
      const own = before ?? entry;
      let isOver = false;
      return {
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          own.holders -= 1;
          if (own.holders > 0 || held.get(nodeId) !== own) return;
          if (own.lingers) own.ending = clock.timer(LINGER_MS, () => end(nodeId));
          else end(nodeId);
        },
      };
    },
    stop() {
      for (const nodeId of [...held.keys()]) end(nodeId);
    },
  };
}
