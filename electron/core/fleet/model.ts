import type { NodeRecord, NodeView, Trouble } from '../../../shared/models/fleet.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import type { Waking } from './entry.ts';
import type { GpuVerdict } from './gpu-state.ts';
import type { NodeInput, NodePatch } from './records.ts';
import type { Simulation } from './simulation.ts';
import type { NodeListener } from './wait-for.ts';

export interface FleetService {
  list(): NodeView[];
  get(nodeId: string): NodeView | null;
  /** Throws NOT_FOUND. */
  require(nodeId: string): NodeView;
  record(nodeId: string): NodeRecord | null;
  /** The SecureOn password, only for sending a packet; null for none. */
  secureOn(nodeId: string): string | null;
  /** The token of its agent or relay, or the secret of its shutdown server; null for none. */
  agentToken(nodeId: string): string | null;
  relayToken(nodeId: string): string | null;
  shutdownSecret(nodeId: string): string | null;
  /** The record of each node, including simulated ones, with the address in use. */
  records(): { record: NodeRecord; url: string | null }[];
  /** Called before records are saved for `adopt`: withdraws from agents that they no longer name. Throws DISK_FULL. */
  beforeAdopt(records: readonly NodeRecord[]): void;
  /** Takes over records that the caller has saved: adds new nodes, replaces known ones. */
  adopt(records: readonly NodeRecord[]): void;
  /** Throws BAD_URL, BAD_MAC, BAD_DESTINATION or ALREADY_EXISTS, with `details.field`. */
  add(input: NodeInput): NodeView;
  update(nodeId: string, patch: NodePatch): NodeView;
  remove(nodeId: string): void;
  /** Probes one node, or all; resolves when every probe is done. */
  probe(nodeId?: string): Promise<NodeView[]>;
  /** Starts a probe at once and does not wait for it. `listChanged`: its list of models is read again, too. */
  probeSoon(nodeId: string, how?: { listChanged: boolean }): void;
  /** Whether its last probe was answered; after one miss, a node is still shown in its previous state. */
  answered(nodeId: string): boolean;
  /** Somebody is using the panel: nodes that are off are probed every 5 seconds for two minutes. */
  markActive(): void;
  /** The node's server; null if it has none. Its calls reject with HOST_UNREACHABLE when the node goes off. */
  server(nodeId: string): InferenceServer | null;
  /** Called when a node's state or configuration has changed. null: it did not exist before, or was removed. */
  onChange(listener: NodeListener): () => void;
  /** Called when a server was restarted while its node stayed up, before the change of the node. */
  onRestart(listener: (nodeId: string) => void): () => void;
  /** Somebody waits for a change of this node: it is probed every two seconds until disposed. */
  probeOften(nodeId: string): Disposable;
  /** Resolves with the first view that matches, now or later. Rejects with NOT_FOUND if the node is removed. */
  waitFor(nodeId: string, predicate: (node: NodeView) => boolean, signal: AbortSignal): Promise<NodeView>;
  /** Records what placement found about the GPU, which a probe cannot show. */
  markGpu(nodeId: string, verdict: GpuVerdict): void;
  /** A load there does not end; null: loads work again. `since` in milliseconds since the epoch. */
  setStuck(nodeId: string, stuck: { model: string; since: number } | null): void;
  /** Shows why the node is needed, until disposed. */
  use(nodeId: string, reason: Message): Disposable;
  /** While true, the fleet does not report that the node drops out; shutdown does. */
  setShuttingDown(nodeId: string, shuttingDown: boolean): void;
  /** Rebuilds views after pins or priorities changed. */
  refresh(nodeId?: string): void;
  /** A wake has begun: the node is `waking`, with short probes, until it serves or `endWaking`. */
  beginWaking(nodeId: string, waking: Waking): void;
  /** The wake has ended; `error` says why it failed, if it did. */
  endWaking(nodeId: string, error?: Trouble | null): void;
  simulatedMachine(nodeId: string): SimulatedMachine | null;
  readonly simulation: Simulation;
  simulate(on: boolean): Promise<NodeView[]>;
  /** Resolves at once; first probes run in the background. */
  start(): Promise<void>;
  /** Suspends regular probes until `resume`, and keeps what is known. */
  pause(): Promise<void>;
  /** Probes every node at once, and resumes regular probes. */
  resume(): void;
  stop(): Promise<void>;
}
