/** The policy of each node: the one a person set, or the default. */
import { createEmitter } from '../../../shared/emitter.ts';
import { defaultPowerPolicy, type PowerPolicy } from '../../../shared/models/power.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';

/** The fields to change. */
export type PolicyPatch = { [Key in keyof PowerPolicy]?: PowerPolicy[Key] | undefined };

export interface Policies {
  get(nodeId: string): PowerPolicy;
  /** Whether a person has set one. */
  isSet(nodeId: string): boolean;
  /** Keeps fields that are left out. Throws DISK_FULL without changing anything. */
  set(nodeId: string, patch: PolicyPatch): PowerPolicy;
  /** Takes over policies that the caller has saved. */
  adopt(saved: readonly { nodeId: string; policy: PowerPolicy }[]): void;
  /** Removes a deleted node's policy from memory and disk, without an event. */
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
        log.warn('The policy of a removed node could not be deleted.', { nodeId, error: String(error) });
      }
    },
    onChange: changed.on,
  };
}
