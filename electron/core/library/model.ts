/** The interface of the library, and the parts of other services that it uses. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelPull } from '../../../shared/models/library.ts';
import type { ActivityService } from '../activity/service.ts';
import type { LeaseLedger } from '../leases/lease-ledger.ts';
import type { PlacementService } from '../placement/model.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { WakeService } from '../wake/model.ts';

export interface PullRequest {
  nodeId: string;
  model: string;
  /** Wake the machine if it is off. */
  wake: boolean;
}

/** What is downloaded, because a person asked for it. Nothing is resumed by itself, and nothing is remembered. */
export interface LibraryService {
  /** Begins it. Throws NOT_FOUND, NO_SERVER, NOT_SUPPORTED, NODE_ASLEEP, BAD_MODEL_NAME, PULL_RUNNING. */
  pull(request: PullRequest): ModelPull;
  /** Begins it. Throws also MODEL_NOT_FOUND if the first node does not have it, and ALREADY_EXISTS. */
  copy(request: { from: string; to: string; model: string; wake: boolean }): ModelPull;
  /** Oldest first. */
  pulls(): ModelPull[];
  /** Throws NOT_FOUND if it does not run. */
  cancel(nodeId: string, model: string): void;
  /** As `placement.remove`, and rejects with PULL_RUNNING while the model is downloaded there. */
  remove: PlacementService['remove'];
  stop(): Promise<void>;
}

export interface LibraryDependencies {
  clock: Clock;
  streams: Pick<Streams, 'pulls'>;
  activity: Pick<ActivityService, 'record'>;
  fleet: {
    get(nodeId: string): NodeView | null;
    /** Throws NOT_FOUND. */
    require(nodeId: string): NodeView;
    server(nodeId: string): InferenceServer | null;
    probeSoon(nodeId: string, how?: { listChanged: boolean }): void;
    onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  };
  /** The machine stays awake while it downloads. */
  leases: Pick<LeaseLedger, 'hold'>;
  wakes: Pick<WakeService, 'ensureAwake'>;
  placement: Pick<PlacementService, 'remove'>;
}
