/** One node in memory. */
import type { NodeRecord, NodeView } from '../../../shared/models/fleet.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { SimulatedMachine } from '../ports/simulation.ts';
import type { Clock } from '../ports/time.ts';
import { initialObservation } from './node-state.ts';
import type { WakePace } from './pace.ts';
import type { ProbeTarget } from './probe.ts';
import type { Watch } from './probe-loop.ts';
import type { NodeKnowledge } from './view.ts';

export interface Entry
  extends Omit<NodeKnowledge, 'url' | 'uses' | 'simulatedVramBytes' | 'canWake' | 'secrets'> {
  readonly simulated: SimulatedMachine | null;
  /** The server to look at; for this computer also one that has not answered yet. */
  server: InferenceServer | null;
  /** The same for others: its calls end when the machine goes off. */
  guarded: InferenceServer | null;
  /** Its server, or its agent where it has no server; null where it has neither. */
  target: ProbeTarget | null;
  /** Aborted when the machine goes off. */
  gone: AbortController;
  /** When version and installed models were read, monotonic; null for never. */
  detailsAt: number | null;
  detailsRead: Promise<void> | null;
  hardwareAt: number | null;
  uses: Map<symbol, string>;
  /** It was told to go off: that it does is no news of the fleet. */
  leaving: boolean;
  watch: Watch | null;
  /** Ends the look under way without a result. */
  interruptProbe: (() => void) | null;
  view: NodeView;
}

/** What is not known yet. */
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
    gone: new AbortController(),
    observation: initialObservation(clock.now()),
    version: null,
    loaded: [],
    installed: [],
    detailsAt: null,
    detailsRead: null,
    hardwareAt: null,
    gpus: null,
    host: null,
    gpuFound: null,
    wake: null,
    lastWakeError: null,
    boot: { usualMs: null, count: 0 },
    uses: new Map(),
    leaving: false,
    watch: null,
    interruptProbe: null,
  };
}

/** How far the wake under way is; null without one. */
export function wakePace({ wake }: Pick<Entry, 'wake'>, now: number): WakePace | null {
  return wake && { elapsedMs: now - wake.startedAt, expectedMs: wake.expectedMs };
}

/** The agent that stands for the machine: of one that carries no server. null where the server does. */
export function probedAgent(record: NodeRecord): string | null {
  return record.url === null && record.kind !== 'this-computer' ? record.agentUrl : null;
}
