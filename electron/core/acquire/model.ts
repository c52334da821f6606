/** The interface of acquire, and the parts of other services that it calls. */
import type { NodeView, ServerCapability } from '../../../shared/models/fleet.ts';
import type { WhenGpuGone } from '../../../shared/models/indexing.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import type { WakeRequester } from '../policies/policy.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { FailureKind } from './failure.ts';
import type { InFlight } from './in-flight.ts';
import type { BreakerState, HealthTracker } from './node-health.ts';
import type { GpuUse, WantedModel } from './route.ts';

export interface Requirement {
  /** What the server must support. */
  capabilities: readonly ServerCapability[];
}

/** Progress of an acquisition. May be reported before `acquire` returns its promise. */
export type AcquireStep =
  | { step: 'waking' | 'awake'; nodeId: string; name: string }
  | { step: 'placing'; nodeId: string; name: string; model: string };

/** At least one of `model` and `requirement`. */
export interface AcquireRequest {
  model?: WantedModel;
  requirement?: Requirement;
  /** What the machine is needed for; shown at its lease. */
  purpose: Message;
  /** Who is asking; policies use it to decide who may wake a machine. */
  by: WakeRequester;
  signal: AbortSignal;
  /** Only this node. */
  nodeId?: string;
  /** Nodes not to use, such as those already tried for this request. */
  except?: ReadonlySet<string>;
  /** Default `any`. */
  gpu?: GpuUse;
  /** Whether a sleeping machine may be woken if its policy allows it. Default false. */
  wake?: boolean;
  /** Default `use-cpu`. */
  whenGpuGone?: WhenGpuGone;
  /**
   * If no node is suitable: `fail` at once; `probe` (default) waits only for nodes that have not been probed yet; `wait`
   * waits until something changes.
   */
  whenNone?: 'fail' | 'probe' | 'wait';
  /**
   * `one` (default): the acquisition counts as one request, in flight until it is released. `each`: it is used for many
   * requests, and `begin` counts each.
   */
  counts?: 'one' | 'each';
  /** For requests that take seconds and wake nothing: holds no lease, because counting it in flight keeps the machine on. */
  brief?: boolean;
  /** Node health as learned by this kind of work. Default: shared by all, but new for each request of a person. */
  health?: HealthTracker;
  onStep?(step: AcquireStep): void;
}

/** A ready server. Dispose it to release the server; its lease lasts until then. */
export interface Acquired extends AsyncDisposable {
  readonly nodeId: string;
  /** The node's name. */
  readonly name: string;
  readonly server: InferenceServer;
  /** The model's name on that server; null if none was requested. */
  readonly model: string | null;
  /** Where the model is loaded; null if it is not known to be loaded. */
  readonly placement: Placement | null;
  /** Why the model is there; null unless a GPU was needed. */
  readonly reason: Message | null;
  /** Counts one more request in flight until disposed. */
  begin(): Disposable;
  /** A request succeeded: the node's breaker closes. */
  succeeded(): void;
  /** A request failed; returns the kind of failure and the state of the node's breaker. */
  failed(error: unknown): { kind: FailureKind; failures: number; breaker: BreakerState };
  /** Half-open: send one request at a time until one succeeds. */
  breaker(): BreakerState;
}

export interface AcquireService {
  /**
   * Gets a server ready: takes a lease, wakes the machine, waits until it serves and lists its models, places the
   * model where a GPU is needed, counts the request. Rejects with the signal's reason, MODEL_NOT_FOUND, NODE_ASLEEP,
   * NO_SERVER, or with why the last node tried did not become ready (WAKE_TIMEOUT, WAKE_NOT_ALLOWED, …).
   * With `nodeId`, it also resolves if the model ended up on the CPU, and the caller decides.
   */
  acquire(request: AcquireRequest): Promise<Acquired>;
  /** Pending calls reject with STOPPING. Acquired servers stay until they are released. */
  stop(): void;
}

export interface AcquireFleet {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  server(nodeId: string): InferenceServer | null;
  /** Called after every change of a node; `node` is null when it was removed. Returns how to stop. */
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  /** Called when a server was restarted while its node stayed up. Returns how to stop. */
  onRestart(listener: (nodeId: string) => void): () => void;
  /** Something changed there: probe it now. */
  probeSoon(nodeId: string): void;
  /** Somebody waits for a change of this node: it is probed more often until disposed. */
  probeOften(nodeId: string): Disposable;
}

export interface AcquireLeases {
  hold(request: {
    nodeId: string;
    kind: Exclude<WakeRequester, 'person'>;
    purpose: Message;
  }): Disposable & { readonly lease: Pick<LeaseRecord, 'id'> };
  /** null if the lease has ended. */
  get(leaseId: string): LeaseRecord | null;
}

export interface AcquireWakes {
  /** Resolves when the node serves, waking it if its policy allows that. Rejects with WAKE_TIMEOUT, WAKE_NOT_ALLOWED, … */
  ensureAwake(nodeId: string, options: { signal: AbortSignal; by: WakeRequester }): Promise<NodeView>;
}

export interface AcquirePlacement {
  /**
   * Gets the model onto the GPU if possible; `placement` is where it ended up, null if it could not be loaded without
   * unloading another. Rejects if the host is unreachable.
   */
  ensureOnGpu(request: {
    nodeId: string;
    model: string;
    by: WakeRequester;
    signal: AbortSignal;
  }): Promise<{ placement: Placement | null; reason: Message }>;
}

export interface AcquireDependencies {
  clock: Clock;
  log: Log;
  fleet: AcquireFleet;
  leases: AcquireLeases;
  wakes: AcquireWakes;
  placement: AcquirePlacement;
  inFlight: Pick<InFlight, 'begin' | 'onNode'>;
}
