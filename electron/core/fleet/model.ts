import type { NodeRecord, NodeView, Trouble } from '../../../shared/models/fleet.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import type { Waking } from './entry.ts';
import type { NodeInput, NodePatch } from './records.ts';
import type { Simulation } from './simulation.ts';
import type { NodeListener } from './wait-for.ts';

export interface FleetService {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  /** Throws NOT_FOUND. */
  require(nodeId: string): NodeView;
  record(nodeId: string): NodeRecord | null;
  /** The SecureOn password, for the packet that is sent and nothing else; null for none. */
  secureOn(nodeId: string): string | null;
  /** The token of its agent, of its existing relay, the secret of its shutdown server; null for none. */
  agentToken(nodeId: string): string | null;
  relayToken(nodeId: string): string | null;
  shutdownSecret(nodeId: string): string | null;
  /** What is saved of each node, with the address in use; simulated ones too. */
  records(): { record: NodeRecord; url: string | null }[];
  /** Called before records are saved for `adopt`: agents that they no longer name are left. Throws DISK_FULL. */
  beforeAdopt(records: readonly NodeRecord[]): void;
  /** Takes over records that the caller has saved: new ones are added, known ones replaced. */
  adopt(records: readonly NodeRecord[]): void;
  /** Throws BAD_URL, BAD_MAC, BAD_DESTINATION or ALREADY_EXISTS, with `details.field`. */
  add(input: NodeInput): NodeView;
  update(nodeId: string, patch: NodePatch): NodeView;
  remove(nodeId: string): void;
  /** Probes one node, or all, now; resolves when every probe is done. */
  probe(nodeId?: string): Promise<NodeView[]>;
  /** Something changed there: probes it at once, waits for nothing. */
  probeSoon(nodeId: string): void;
  /** Whether its last probe got a valid answer: a node that missed one is still shown in its previous state. */
  answered(nodeId: string): boolean;
  /** A person is looking at the panel: for two minutes nodes that are off are probed every 5 seconds. */
  markActive(): void;
  /** The node's server, or null when it has none. Its calls end with HOST_UNREACHABLE when the node goes off. */
  server(nodeId: string): InferenceServer | null;
  /** Called when a node's state or configuration changed, not for readings; null for "not there" (added, removed). */
  onChange(listener: NodeListener): () => void;
  /** The first view that fits, now or later. Rejects with NOT_FOUND when the node is removed. */
  waitFor(nodeId: string, predicate: (node: NodeView) => boolean, signal: AbortSignal): Promise<NodeView>;
  /** Placement knows better than a probe whether the GPU is really used. */
  markGpu(nodeId: string, verdict: 'verified' | 'not-checked'): void;
  /** States why the node is needed, until disposed. */
  use(nodeId: string, reason: Message): Disposable;
  /** It is being powered off on request, and shutdown reports that: the fleet doesn't. */
  setLeaving(nodeId: string, leaving: boolean): void;
  /** Pins or priorities changed: the views are made again. */
  refresh(nodeId?: string): void;
  /** A wake has begun: the node is `waking`, and probes are short until it serves or `endWaking`. */
  beginWaking(nodeId: string, waking: Waking): void;
  /** The wake is over, with why if it did not end well. */
  endWaking(nodeId: string, error?: Trouble | null): void;
  simulatedMachine(nodeId: string): SimulatedMachine | null;
  readonly simulation: Simulation;
  simulate(on: boolean): Promise<NodeView[]>;
  /** Resolves at once; the first probes run in the background. */
  start(): Promise<void>;
  /** No regular probes until `resume`; what is known stays. */
  pause(): Promise<void>;
  /** Probes every node at once, and continues. */
  resume(): void;
  stop(): Promise<void>;
}
