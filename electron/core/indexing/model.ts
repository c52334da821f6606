/** What the indexing domain needs from its neighbours, narrowed to what it calls. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { ActivityService } from '../activity/service.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Folders } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Store } from '../ports/state.ts';
import type { Clock, Ids, Random } from '../ports/time.ts';
import type { VectorStore } from '../ports/vectors.ts';
import type { Streams } from '../runtime/streams.ts';

export interface IndexingFleet {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  server(nodeId: string): InferenceServer | null;
  /** Tells of every change of a node; `node` is null when it was removed. Returns how to stop. */
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  /** Something changed there: look at once. */
  probeSoon(nodeId: string): void;
}

export interface IndexingLeases {
  /** Says that a job needs a node, until disposed; never throws. */
  hold(request: { nodeId: string; kind: 'job'; purpose: string }): Disposable;
}

export interface IndexingPower {
  /**
   * Wakes the node if needed; resolves when it serves, rejects with WAKE_TIMEOUT, CANNOT_WAKE, …, and with
   * WAKE_NOT_ALLOWED where its policy keeps jobs from waking it now.
   */
  ensureAwake(nodeId: string, options: { signal: AbortSignal; by: 'job' }): Promise<NodeView>;
}

export interface IndexingPlacement {
  /**
   * Loads the model if it is not loaded and says honestly where it ended, null where it could not be loaded without
   * unloading another; throws when the host is gone.
   */
  ensureOnGpu(request: {
    nodeId: string;
    model: string;
    by: 'job';
    signal: AbortSignal;
  }): Promise<{ placement: Placement | null; reason: string }>;
  /** Marks one request as under way, so that no move disturbs it. */
  begin(nodeId: string, model: string): Disposable;
}

export interface IndexingTelemetry {
  recordVectors(nodeId: string, count: number): void;
}

export interface IndexingDependencies {
  clock: Clock;
  random: Random;
  ids: Ids;
  log: Log;
  store: Pick<Store, 'sources' | 'jobs'>;
  vectors: VectorStore;
  folders: Folders;
  http: Http;
  fleet: IndexingFleet;
  leases: IndexingLeases;
  power: IndexingPower;
  placement: IndexingPlacement;
  telemetry: IndexingTelemetry;
  settings: { current(): Settings };
  activity: Pick<ActivityService, 'record'>;
  streams: Pick<Streams, 'sources' | 'jobs' | 'embedders'>;
}
