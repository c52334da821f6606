/** One lease for all acquisitions of a node by the same kind of asker for the same purpose. */
import type { Message } from '../../../shared/models/message.ts';
import type { WakeAsker } from '../policies/policy.ts';
import type { AcquireLeases } from './model.ts';

export interface SharedLeases {
  /** Takes the lease, or joins it. It ends when the last one that holds it is disposed. */
  hold(request: { nodeId: string; by: WakeAsker; purpose: Message }): Disposable;
}

interface Shared {
  lease: ReturnType<AcquireLeases['hold']>;
  holders: number;
}

/** Leases of people outlive the program, and a request ends with it, whoever asked. */
const kindOf = (by: WakeAsker) => (by === 'person' ? 'request' : by);

export function createSharedLeases(leases: AcquireLeases): SharedLeases {
  const living = new Map<string, Shared>();

  return {
    hold({ nodeId, by, purpose }) {
      const request = { nodeId, kind: kindOf(by), purpose };
      const key = JSON.stringify(request);
      const known = living.get(key);
      // Somebody may have ended it meanwhile, here or at the machine: whoever comes now needs one that lives.
      const joins = known !== undefined && leases.get(known.lease.lease.id) !== null;
      const shared = joins ? known : { lease: leases.hold(request), holders: 0 };
      shared.holders += 1;
      living.set(key, shared);
      let released = false;
      return {
        [Symbol.dispose]() {
          if (released) return;
          released = true;
          shared.holders -= 1;
          if (shared.holders > 0) return;
          if (living.get(key) === shared) living.delete(key);
          shared.lease[Symbol.dispose]();
        },
      };
    },
  };
}
