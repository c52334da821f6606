/** Remembers what each server listed last, so that the models of a machine that is off are known after a restart. */
import type { InstalledModel } from '../../../shared/models/placement.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { sameValue } from './equal.ts';

export interface Listings {
  /** What the server at this address listed last on the node; empty if that is not known. */
  of(nodeId: string, url: string | null): { installed: InstalledModel[]; cloudModels: InstalledModel[] };
  /** Saves a list that has changed. Never throws. */
  save(nodeId: string, url: string, models: readonly InstalledModel[]): void;
  forget(nodeId: string): void;
}

export function createListings({
  clock,
  log,
  store,
}: {
  clock: Pick<Clock, 'now'>;
  log: Log;
  store: Pick<Store, 'listings'>;
}): Listings {
  const saved = new Map(store.listings.list().map((listing) => [listing.nodeId, listing]));
  return {
    of(nodeId, url) {
      const listing = saved.get(nodeId);
      const models = listing?.url === url ? listing.models : [];
      return {
        installed: models.filter(({ cloud = false }) => !cloud),
        cloudModels: models.filter(({ cloud = false }) => cloud),
      };
    },
    save(nodeId, url, models) {
      const before = saved.get(nodeId);
      if (before?.url === url && sameValue(before.models, models)) return;
      const listing = { nodeId, url, at: clock.now(), models: [...models] };
      try {
        store.listings.put(listing);
        saved.set(nodeId, listing);
      } catch (error) {
        log.warn('The models of a node could not be saved.', { nodeId, error: String(error) });
      }
    },
    forget: (nodeId) => void saved.delete(nodeId),
  };
}
