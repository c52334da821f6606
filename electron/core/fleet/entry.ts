/** One node in memory. */

import type { NodeRecord, NodeView } from '../../../shared/models/fleet.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { GpuCard } from '../../../shared/models/telemetry.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import type { Clock } from '../ports/time.ts';
import type { ToolReport } from './gpu-state.ts';
import { initialObservation } from './node-state.ts';
import type { WakePace } from './pace.ts';
import type { ProbeTarget } from './probe.ts';
import type { Watch } from './probe-loop.ts';
import { initialServerProcess, type ServerProcess } from './server-process.ts';
import type { NodeKnowledge } from './view.ts';

/** A wake under way: probes are shorter, and silence is expected. */
export interface Waking {
  startedAt: number;
  /** Usual boot time, milliseconds; null before the first wake. */
  expectedMs: number | null;
  /** Called when the node serves. The boot time, milliseconds; null if it cannot be learned from this wake. */
  bootMs(): number | null;
}

export interface Entry
  extends Omit<
    NodeKnowledge,
    'url' | 'uses' | 'simulatedVramBytes' | 'canWake' | 'secrets' | 'server' | 'cards'
  > {
  readonly simulated: SimulatedMachine | null;
  /** The server to probe; on this computer, also one that has never answered. */
  server: InferenceServer | null;
  /** The same for callers outside the fleet: its calls are aborted when the machine goes off. */
  guarded: InferenceServer | null;
  /** Its server, or its agent if it has no server; null if it has neither. */
  target: ProbeTarget | null;
  /** Aborted when the machine goes off. */
  unreachable: AbortController;
  /** When version and installed models were last read, monotonic; null for never. */
  detailsAt: number | null;
  detailsRead: Promise<void> | null;
  cards: readonly GpuCard[] | null;
  /** What its tools reported at the last probe. */
  tools: ToolReport;
  process: ServerProcess;
  /** Models that this core asked the server to unload since the last probe. */
  unloaded: Set<string>;
  /** Callers that wait for a change of this node: it is probed more often. */
  waiting: number;
  /** When this computer's GPU tools last ran, monotonic; null for never. */
  hardwareAt: number | null;
  waking: Waking | null;
  uses: Map<symbol, Message>;
  /** It is being powered off on request: the fleet does not report that it drops out. */
  shuttingDown: boolean;
  watch: Watch | null;
  /** Aborts the probe under way without a result. */
  interruptProbe: (() => void) | null;
  view: NodeView;
}

/** An entry about which nothing is known yet. */
export function newEntry(
  record: NodeRecord,
  simulated: SimulatedMachine | null,
  clock: Clock,
): Omit<Entry, 'view'> {
  return {
    record,
    simulated,
    server: null,
    guarded: null,
    target: null,
    unreachable: new AbortController(),
    observation: initialObservation(clock.now()),
    version: null,
    loaded: [],
    installed: [],
    cloudModels: [],
    detailsAt: null,
    detailsRead: null,
    hardwareAt: null,
    cards: null,
    tools: { kind: 'unknown' },
    seesNoGpu: false,
    mayRestartOllama: false,
    process: initialServerProcess,
    unloaded: new Set(),
    waiting: 0,
    gpuFound: null,
    waking: null,
    lastWakeError: null,
    stuck: null,
    boot: { usualMs: null, count: 0 },
    uses: new Map(),
    shuttingDown: false,
    watch: null,
    interruptProbe: null,
  };
}

/** How far the wake has come; null without one. */
export function wakePace({ waking }: Pick<Entry, 'waking'>, now: number): WakePace | null {
  return waking && { elapsedMs: now - waking.startedAt, expectedMs: waking.expectedMs };
}

/** URL of the agent to probe on a machine without an inference server; null if there is a server. */
export function probedAgent(record: NodeRecord): string | null {
  return record.url === null && record.kind !== 'this-computer' ? record.agentUrl : null;
}
