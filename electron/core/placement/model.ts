/** The interface of placement, and the parts of other services that it uses. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { MovePreview } from '../../../shared/models/move-preview.ts';
import type { Explanation, MoveRecord } from '../../../shared/models/placement.ts';
import type { RequestView } from '../../../shared/models/requests.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import type { ActivityService } from '../activity/service.ts';
import type { GpuVerdict } from '../fleet/gpu-state.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { EnsureOnGpu } from './ensure.ts';
import type { HoldBack, OtherUse, RequestsInFlight } from './move.ts';
import type { Pins } from './pins.ts';
import type { PlanInput } from './plan.ts';

/** The parts of the fleet that placement uses. */
export interface PlacementFleet {
  list(): NodeView[];
  /** Throws NOT_FOUND. */
  require(id: string): NodeView;
  server(id: string): InferenceServer | null;
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  probeSoon(nodeId: string, how?: { listChanged: boolean }): void;
  probe(nodeId: string): Promise<unknown>;
  /** Somebody waits for a change of this node, until disposed. */
  probeOften(nodeId: string): Disposable;
  /** A server was restarted while its node stayed up. */
  onRestart(listener: (nodeId: string) => void): () => void;
  /** Pins have changed: update the node's view. */
  refresh(nodeId: string): void;
  markGpu(nodeId: string, verdict: GpuVerdict): void;
  /** `num_gpu` of the Modelfile of a model. */
  setModelfileLayers(digest: string, layers: number): void;
  /** A load there does not end; null: loads work again. */
  setStuck(nodeId: string, stuck: { model: string; since: number } | null): void;
}

/** A load that a request of another program caused. */
export interface ForeignLoad {
  nodeId: string;
  model: string;
  /** As the server reported it, milliseconds. */
  loadMs: number;
  /** The program chose the layers itself, so it may have wanted the CPU. */
  placesModel: boolean;
}

export interface PlaceRequest {
  model: string;
  target: 'gpu' | 'cpu';
  /** null for every node that has the model. */
  nodeId: string | null;
  by: MoveRecord['by'];
  /** Even if the model is known not to fit entirely. Default false. */
  anyway?: boolean;
  signal: AbortSignal;
}

export interface PlacementService {
  /**
   * Moves a model, or loads it if it is not loaded. For one node, rejects with NOT_FOUND, MODEL_NOT_FOUND, NODE_ASLEEP,
   * NO_SERVER, MOVE_IN_PROGRESS. For all nodes, what cannot be done on one is a `refused` record.
   */
  place(request: PlaceRequest): Promise<MoveRecord[]>;
  /**
   * What a move on one node would do. Rejects with NOT_FOUND, MODEL_NOT_FOUND, NODE_ASLEEP, NO_SERVER, NOT_SUPPORTED, and
   * as the server's calls do.
   */
  preview(request: Omit<PlaceRequest, 'nodeId'> & { nodeId: string }): Promise<MovePreview>;
  /** Moves every loaded priority model, on one node or all. Rejects with NOT_FOUND. */
  placeAll(request: Omit<PlaceRequest, 'model'>): Promise<MoveRecord[]>;
  ensureOnGpu: EnsureOnGpu;
  /** Rejects with NOT_FOUND, NODE_ASLEEP, NO_SERVER, NOT_LOADED, PINNED, IN_USE, MODEL_BUSY, MOVE_IN_PROGRESS. */
  unload(request: {
    model: string;
    nodeId: string;
    /** Even if another panel uses it. Default false. */
    anyway?: boolean;
    signal: AbortSignal;
  }): Promise<void>;
  /**
   * Deletes a model from the disk, after it was unloaded. Rejects as `unload` does, but with MODEL_NOT_FOUND if the node
   * does not have it, and NOT_SUPPORTED.
   */
  remove(request: Parameters<PlacementService['unload']>[0]): Promise<void>;
  pin(nodeId: string, model: string, pinned: boolean): void;
  isPinned(nodeId: string, model: string): boolean;
  explain(nodeId: string, model: string): Explanation;
  /** What the planner needs to know about a node. */
  planInput(node: NodeView): PlanInput;
  /**
   * Requests of other programs that were sent to the node and have no first byte, by model.
   * @param since when the oldest was sent, milliseconds since the epoch
   */
  observeRequests(nodeId: string, since: Readonly<Record<string, number>>): void;
  /** A request of another program made the server load a model. */
  observeLoad(load: ForeignLoad): void;
  /** Newest first. */
  history(limit: number): MoveRecord[];
  /** Called before the fleet shows the result of a move. Returns how to stop. */
  onMove(listener: (record: MoveRecord) => void): () => void;
  start(): void;
  /** Cancels running moves and waits for them. */
  stop(): Promise<void>;
}

export interface PlacementServiceDependencies {
  clock: Clock;
  log: Log;
  store: Pick<Store, 'moves'>;
  streams: Pick<Streams, 'moves'>;
  settings: { current(): Settings };
  activity: Pick<ActivityService, 'record'>;
  fleet: PlacementFleet;
  pins: Pins;
  /** Moves wait for these requests. */
  inFlight: RequestsInFlight;
  /** What other panels use on a node now or lately; null if that is not known. Left out: it never is. */
  usedByOthers?: (nodeId: string) => readonly OtherUse[] | null;
  /** Requests through the gateway, in progress and lately ended. Left out: nothing counts them. */
  requests?: () => readonly RequestView[];
  /** Announces a move. Default: requests come from this core only, which does not send any to a locked node. */
  holdBack?: HoldBack;
  /** New readings of a node's own tools; null if it has none. */
  readGpus: (nodeId: string, signal: AbortSignal) => Promise<GpuReading[] | null>;
  /** Their last readings; null if there are none. */
  reading: (nodeId: string) => { gpus: GpuReading[] | null } | null;
}

/** A load that a request of another program caused. */
export interface ForeignLoad {
  nodeId: string;
  model: string;
  /** As the server reported it, milliseconds. */
  loadMs: number;
  /** The program chose the layers itself, so it may have wanted the CPU. */
  placesModel: boolean;
}
