/** Remembers what each machine reported last, so that the models and GPUs of one that is off are known after a restart. */
import type { InstalledModel, ListingRecord } from '../../../shared/models/placement.ts';
import type { GpuCard } from '../../../shared/models/telemetry.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import { sameValue } from './equal.ts';

export interface Listings {
  /** What the server at this address listed last on the node; empty if that is not known. */
  of(nodeId: string, url: string | null): { installed: InstalledModel[]; cloudModels: InstalledModel[] };
  /** The GPUs that this agent reported last; null if that is not known. */
  cardsOf(nodeId: string, agentUrl: string | null): readonly GpuCard[] | null;
  saveCards(nodeId: string, agentUrl: string, cards: readonly GpuCard[]): void;
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
  function put(listing: ListingRecord): void {
    try {
      store.listings.put(listing);
      saved.set(listing.nodeId, listing);
    } catch (error) {
      log.warn('What a node reported could not be saved.', { nodeId: listing.nodeId, error: String(error) });
    }
  }

  return {
    of(nodeId, url) {
      const listing = saved.get(nodeId);
      const models = listing?.url === url ? listing.models : [];
      return {
        installed: models.filter(({ cloud = false }) => !cloud),
        cloudModels: models.filter(({ cloud = false }) => cloud),
      };
    },
    cardsOf(nodeId, agentUrl) {
      const gpus = saved.get(nodeId)?.gpus;
      return gpus !== undefined && gpus.agentUrl === agentUrl ? gpus.cards : null;
    },
    saveCards(nodeId, agentUrl, cards) {
      const before = saved.get(nodeId);
      const gpus = { agentUrl, cards: [...cards] };
      if (sameValue(before?.gpus, gpus)) return;
      put({ url: '', models: [], ...before, nodeId, at: clock.now(), gpus });
    },
    save(nodeId, url, models) {
      const before = saved.get(nodeId);
      if (before?.url === url && sameValue(before.models, models)) return;
      put({ ...before, nodeId, url, at: clock.now(), models: [...models] });
    },
    forget: (nodeId) => void saved.delete(nodeId),
  };
}
