/** One lease for all acquisitions of a node by the same kind of requester for the same purpose. */
import type { Message } from '../../../shared/models/message.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { AcquireLeases } from './model.ts';

export interface SharedLeases {
  /** Takes or joins a lease, which ends when its last holder is disposed. */
  hold(request: { nodeId: string; by: WakeRequester; purpose: Message }): Disposable;
}

interface Shared {
  lease: ReturnType<AcquireLeases['hold']>;
  holders: number;
}

/** A lease of kind `person` would outlive the program, but an acquisition must not. */
const kindOf = (by: WakeRequester) => (by === 'person' ? 'request' : by);

export function createSharedLeases(leases: AcquireLeases): SharedLeases {
  const living = new Map<string, Shared>();

  return {
    hold({ nodeId, by, purpose }) {
      const request = { nodeId, kind: kindOf(by), purpose };
      const key = JSON.stringify(request);
      const known = living.get(key);
      // The lease may have been ended meanwhile, here or at the machine; then take a new one.
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
