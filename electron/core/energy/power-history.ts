/** Records the state of each node, and reports it as a timeline and as energy. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { NodeState } from '../../../shared/models/node-state.ts';
import type { EnergyRange, EnergyReport, PowerPolicy, PowerTimeline } from '../../../shared/models/power.ts';
import type { HistorySpan, NodeBucket } from '../../../shared/models/telemetry.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Log } from '../ports/log.ts';
import type { PowerStore } from '../ports/power-state.ts';
import type { Clock } from '../ports/time.ts';
import { nodeEnergy } from './node-energy.ts';
import { leaseSpans, stateSpans } from './timeline.ts';

export interface PowerHistory {
  /** The last `hours` of a node. Throws NOT_FOUND. */
  timeline(nodeId: string, hours: number): PowerTimeline;
  /** The energy of one node, or of all. Throws NOT_FOUND. */
  energy(range: EnergyRange, nodeId?: string): EnergyReport;
  /** Marks the time since the last core ended as unknown, and starts recording. */
  start(): void;
  /** This computer is going to sleep: states are unknown until `resume`. */
  pause(): void;
  resume(): void;
  stop(): void;
}

export interface PowerHistoryDependencies {
  clock: Clock;
  log: Log;
  store: Pick<PowerStore, 'appendState' | 'states' | 'leases' | 'remove'>;
  fleet: Pick<FleetService, 'list' | 'require' | 'onChange'>;
  policies: { get(nodeId: string): PowerPolicy };
  telemetry: { buckets(nodeId: string, range: HistorySpan, atMost: number): NodeBucket[] };
}

const HOUR_MS = 3_600_000;
const RANGE_HOURS: Record<EnergyRange, number> = { day: 24, week: 168, month: 720 };
/** At least as many as are stored. */
const EVERY_BUCKET = 2880;

export function createPowerHistory(dependencies: PowerHistoryDependencies): PowerHistory {
  const { clock, log, store, fleet, policies, telemetry } = dependencies;
  /** The last recorded state of each node. */
  const written = new Map<string, NodeState>();
  let recording = false;
  let stopListening = () => {};

  function write(nodeId: string, at: number, state: NodeState): void {
    if (lastOf(nodeId) === state) return;
    try {
      store.appendState(nodeId, Math.round(at), state);
      written.set(nodeId, state);
    } catch (error) {
      log.warn('The state of a node could not be saved.', { nodeId, error: String(error) });
    }
  }

  function lastOf(nodeId: string): NodeState {
    const known = written.get(nodeId);
    if (known !== undefined) return known;
    const state = newest(nodeId)?.state ?? 'unknown';
    written.set(nodeId, state);
    return state;
  }

  function newest(nodeId: string): { at: number; state: NodeState } | null {
    const after = clock.now() + 1;
    return store.states(nodeId, after, after).at(-1) ?? null;
  }

  /** A core that was killed recorded no end, so its last stored entry is the last moment it was running. */
  function lastAlive(open: readonly { id: string; at: number }[]): number {
    let alive = 0;
    for (const { id, at } of open) {
      const bucket = telemetry.buckets(id, 'hour', EVERY_BUCKET).at(-1);
      alive = Math.max(alive, at, bucket ? bucket.at + bucket.seconds * 1000 : 0);
    }
    return Math.min(alive, clock.now());
  }

  /** The history of a simulated machine is kept, because it returns with the next simulation. */
  function forget({ id, kind }: Pick<NodeView, 'id' | 'kind'>): void {
    written.delete(id);
    if (kind === 'simulated') {
      if (recording) write(id, clock.now(), 'unknown');
      return;
    }
    try {
      store.remove(id);
    } catch (error) {
      log.warn('The power history of a removed node could not be deleted.', {
        nodeId: id,
        error: String(error),
      });
    }
  }

  function writeAll(state: (node: { state: NodeState }) => NodeState): void {
    for (const node of fleet.list()) write(node.id, clock.now(), state(node));
  }

  return {
    timeline(nodeId, hours) {
      fleet.require(nodeId);
      const to = clock.now();
      const window = { from: to - hours * HOUR_MS, to };
      return {
        ...window,
        states: stateSpans(store.states(nodeId, window.from, to), window),
        leases: leaseSpans(store.leases(nodeId, window.from, to), window),
      };
    },

    energy(range, nodeId) {
      const nodes = nodeId === undefined ? fleet.list() : [fleet.require(nodeId)];
      const to = clock.now();
      const window = { from: to - RANGE_HOURS[range] * HOUR_MS, to };
      return {
        ...window,
        nodes: nodes.map((node) =>
          nodeEnergy({
            nodeId: node.id,
            range: window,
            states: stateSpans(store.states(node.id, window.from, to), window),
            buckets: telemetry.buckets(node.id, range === 'day' ? 'day' : 'month', EVERY_BUCKET),
            leases: store.leases(node.id, window.from, to),
            watts: policies.get(node.id).watts,
            thisComputer: node.kind === 'this-computer',
          }),
        ),
      };
    },

    start() {
      const open = fleet.list().flatMap(({ id }) => {
        const last = newest(id);
        return last && last.state !== 'unknown' ? [{ id, at: last.at }] : [];
      });
      const alive = lastAlive(open);
      for (const { id, at } of open) write(id, Math.max(at, alive), 'unknown');
      recording = true;
      stopListening = fleet.onChange((node, previous) => {
        if (node === null) {
          if (previous) forget(previous);
        } else if (recording && node.state !== previous?.state) {
          write(node.id, clock.now(), node.state);
        }
      });
    },

    pause() {
      writeAll(() => 'unknown');
      recording = false;
    },

    resume() {
      recording = true;
      writeAll((node) => node.state);
    },

    stop() {
      stopListening();
      if (recording) writeAll(() => 'unknown');
      recording = false;
    },
  };
}
