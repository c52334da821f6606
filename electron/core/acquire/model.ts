/** What acquire takes and gives, and what it needs from its neighbours, narrowed to what it calls. */

import type { NodeView, ServerCapability } from '../../../shared/models/fleet.ts';
import type { WhenGpuGone } from '../../../shared/models/indexing.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { Placement } from '../../../shared/models/placement.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import type { WakeAsker } from '../policies/policy.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { FailureKind } from './failure.ts';
import type { InFlight } from './in-flight.ts';
import type { BreakerState, HealthTracker } from './node-health.ts';
import type { GpuUse, WantedModel } from './route.ts';

export interface Requirement {
  /** What the server has to be able to do. */
  capabilities: readonly ServerCapability[];
}

/** Says how far an acquisition has come. May be called before `acquire` returns its promise. */
export type AcquireStep =
  | { step: 'waking' | 'awake'; nodeId: string; name: string }
  | { step: 'placing'; nodeId: string; name: string; model: string };

/** At least one of `model` and `requirement`. */
export interface AcquireRequest {
  model?: WantedModel;
  requirement?: Requirement;
  /** What the machine is needed for. It is shown to people, at the lease. */
  purpose: Message;
  /** Who asks: policies decide by it who may wake a machine. */
  by: WakeAsker;
  signal: AbortSignal;
  /** This node and no other. */
  nodeId?: string;
  /** Nodes not to be used, such as those that were tried for this request. */
  except?: ReadonlySet<string>;
  /** Default `any`. */
  gpu?: GpuUse;
  /** Whether a machine that sleeps may be woken, where its policy allows it. Default false. */
  wake?: boolean;
  /** Default `use-cpu`. */
  whenGpuGone?: WhenGpuGone;
  /**
   * While no node will do: `fail` at once; `probe` (default): only wait for nodes that have not been probed yet;
   * `wait` until something changes.
   */
  whenNone?: 'fail' | 'probe' | 'wait';
  /**
   * `one` (default): the acquisition is one request, in flight until it is released. `each`: it is held for many, and
   * `begin` counts each.
   */
  counts?: 'one' | 'each';
  /** It takes seconds and wakes nothing: it is counted in flight, which keeps the machine on, and holds no lease. */
  brief?: boolean;
  /** What this kind of work has learned about the nodes. Left out: shared, but for people, who start afresh. */
  health?: HealthTracker;
  onStep?(step: AcquireStep): void;
}

/** A server that is ready. Dispose to release it; the lease ends then, and not before. */
export interface Acquired extends AsyncDisposable {
  readonly nodeId: string;
  /** The node's name. */
  readonly name: string;
  readonly server: InferenceServer;
  /** The model's name on that server; null where none was asked for. */
  readonly model: string | null;
  /** Where the model is loaded; null where it is not loaded, as far as is known. */
  readonly placement: Placement | null;
  /** Why it is there, where a GPU was needed. */
  readonly reason: string;
  /** One request more, counted in flight until it is disposed. */
  begin(): Disposable;
  /** A request succeeded: the node's breaker closes. */
  succeeded(): void;
  /** A request failed; returns what that means, and whether the node is left alone from now on. */
  failed(error: unknown): { kind: FailureKind; failures: number; breaker: BreakerState };
  /** Half-open: send one request at a time until one succeeds. */
  breaker(): BreakerState;
}

export interface AcquireService {
  /**
   * Gets a server ready: takes a lease, wakes the machine, waits until it serves and lists its models, places the
   * model where a GPU is needed, counts the request. Rejects with the signal's reason, MODEL_NOT_FOUND, NODE_ASLEEP,
   * NO_SERVER, or with what kept the last node that was tried from being ready (WAKE_TIMEOUT, WAKE_NOT_ALLOWED, …).
   * With `nodeId`, a model that ended on the CPU is an answer, and the caller decides.
   */
  acquire(request: AcquireRequest): Promise<Acquired>;
  /** Whoever still waits is rejected with STOPPING. What was acquired stays until it is released. */
  stop(): void;
}

export interface AcquireFleet {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  server(nodeId: string): InferenceServer | null;
  /** Called after every change of a node; `node` is null when it was removed. Returns how to stop. */
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
  /** Something changed there: probe it now. */
  probeSoon(nodeId: string): void;
}

export interface AcquireLeases {
  hold(request: {
    nodeId: string;
    kind: Exclude<WakeAsker, 'person'>;
    purpose: Message;
  }): Disposable & { readonly lease: Pick<LeaseRecord, 'id'> };
  /** null when no such lease lives any more. */
  get(leaseId: string): LeaseRecord | null;
}

export interface AcquireWakes {
  /** Resolves when the node serves, waking it if its policy allows that. Rejects with WAKE_TIMEOUT, WAKE_NOT_ALLOWED, … */
  ensureAwake(nodeId: string, options: { signal: AbortSignal; by: WakeAsker }): Promise<NodeView>;
}

export interface AcquirePlacement {
  /**
   * Gets the model onto the GPU where that can be done; `placement` is where it ended, null where it could not be
   * loaded without unloading another. Throws when the host is unreachable.
   */
  ensureOnGpu(request: {
    nodeId: string;
    model: string;
    by: WakeAsker;
    signal: AbortSignal;
  }): Promise<{ placement: Placement | null; reason: string }>;
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
