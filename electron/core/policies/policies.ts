/** The policy of each node: what a person set, else the default. */
import { createEmitter } from '../../../shared/emitter.ts';
import { defaultPowerPolicy, type PowerPolicy } from '../../../shared/models/power.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';

/** Only what changes. */
export type PolicyPatch = { [Key in keyof PowerPolicy]?: PowerPolicy[Key] | undefined };

export interface Policies {
  get(nodeId: string): PowerPolicy;
  /** Whether a person ever set one. */
  isSet(nodeId: string): boolean;
  /** Fields that are left out stay. Throws DISK_FULL, and changes nothing then. */
  set(nodeId: string, patch: PolicyPatch): PowerPolicy;
  /** Takes over policies that somebody else has saved already. */
  adopt(saved: readonly { nodeId: string; policy: PowerPolicy }[]): void;
  /** The node was removed: in memory and on disk, without an event. */
  forget(nodeId: string): void;
  onChange(listener: (nodeId: string) => void): () => void;
}

export function createPolicies({
  store,
  log,
}: {
  store: Pick<PowerStore, 'policies' | 'putPolicy' | 'removePolicy'>;
  log: Log;
}): Policies {
  const policies = new Map(store.policies().map(({ nodeId, policy }) => [nodeId, policy]));
  const changed = createEmitter<[nodeId: string]>({ name: 'policies', log });
  const get = (nodeId: string) => policies.get(nodeId) ?? defaultPowerPolicy;

  return {
    get,
    isSet: (nodeId) => policies.has(nodeId),
    set(nodeId, patch) {
      const given = Object.entries(patch).filter(([, value]) => value !== undefined);
      const policy: PowerPolicy = { ...get(nodeId), ...Object.fromEntries(given) };
      store.putPolicy(nodeId, policy);
      policies.set(nodeId, policy);
      changed.emit(nodeId);
      return policy;
    },
    adopt(saved) {
      for (const { nodeId, policy } of saved) {
        policies.set(nodeId, policy);
        changed.emit(nodeId);
      }
    },
    forget(nodeId) {
      policies.delete(nodeId);
      try {
        store.removePolicy(nodeId);
      } catch (error) {
        log.warn('The policy of a node that was removed is still saved.', { nodeId, error: String(error) });
      }
    },
    onChange: changed.on,
  };
}
