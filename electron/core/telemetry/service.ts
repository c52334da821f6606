import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type {
  GpuReading,
  HostReading,
  TelemetrySample,
  WorkSample,
} from '../../../shared/models/telemetry.ts';
import type { Clock, LocalHardware, Log, Random } from '../ports.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { Streams } from '../runtime/streams.ts';
import { createLocalReadings } from './local.ts';
import { createSampleRing, type SampleRing } from './sample-ring.ts';
import { createWorkMeter } from './work.ts';

/** What telemetry needs of the fleet. */
export interface TelemetryFleet {
  list(): NodeView[];
  /** Throws NOT_FOUND. */
  require(id: string): NodeView;
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
}

export interface TelemetryService {
  start(): void;
  stop(): Promise<void>;
  /** The last hour of one node, oldest first. Throws NOT_FOUND. */
  history(nodeId: string): TelemetrySample[];
  /** Vectors were embedded on a node. */
  recordVectors(nodeId: string, count: number): void;
  /** The last hour of work, oldest first. */
  work(): WorkSample[];
  /** Fresh readings of a node's own tools; null where there are none. */
  readGpus(nodeId: string, signal: AbortSignal): Promise<GpuReading[] | null>;
}

export interface TelemetryDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  hardware: LocalHardware;
  streams: Pick<Streams, 'telemetry' | 'work'>;
  fleet: TelemetryFleet;
  /** What a simulated machine's own tools say; null when it is not one, or off. */
  simulated: (nodeId: string) => { gpus: GpuReading[]; host: HostReading } | null;
}

const SAMPLE_MS = 2000;
/** Tools run at this rate when nobody looks, and quiet remote nodes are written down so often. */
const SLOW_MS = 30_000;
/** A reading of a tool younger than this is fresh. */
const FRESH_MS = 250;

export function createTelemetryService(deps: TelemetryDependencies): TelemetryService {
  const { clock, random, log, hardware, streams, fleet, simulated } = deps;
  const local = createLocalReadings({ clock, hardware, log });
  const rings = new Map<string, SampleRing>();
  const lastSampled = new Map<string, { at: number; loaded: NodeView['loaded'] }>();
  const meter = createWorkMeter({ clock, onSample: (sample) => streams.work.set('work', sample) });
  let loop: Loop | null = null;
  let unsubscribe: (() => void) | null = null;

  async function sampleAll(signal: AbortSignal): Promise<void> {
    const nodes = fleet.list().filter((node) => isServing(node.state));
    if (nodes.some((node) => node.kind === 'this-computer')) {
      await local.gpus(streams.telemetry.active ? SAMPLE_MS / 2 : SLOW_MS, signal);
    }
    for (const node of nodes) sampleNode(node);
  }

  function sampleNode(node: NodeView): void {
    const tools = readTools(node);
    const before = lastSampled.get(node.id);
    const now = clock.monotonic();
    // Without tools only the loaded models are known: between two changes there is nothing to write down.
    if (tools === null && before && before.loaded === node.loaded && now - before.at < SLOW_MS) return;
    lastSampled.set(node.id, { at: now, loaded: node.loaded });
    const sample: TelemetrySample = {
      nodeId: node.id,
      at: clock.now(),
      gpus: tools?.gpus ?? [],
      host: tools?.host ?? null,
      vramByModel: Object.fromEntries(node.loaded.map((model) => [model.name, model.vramBytes])),
    };
    let ring = rings.get(node.id);
    if (!ring) {
      ring = createSampleRing(node.id);
      rings.set(node.id, ring);
    }
    ring.push(sample);
    streams.telemetry.set(node.id, sample);
  }

  function readTools(node: NodeView): { gpus: GpuReading[]; host: HostReading } | null {
    if (node.kind === 'simulated') return simulated(node.id);
    if (node.kind === 'this-computer') return { gpus: local.latest(), host: hardware.readHost() };
    return null;
  }

  return {
    start() {
      if (loop) return;
      unsubscribe = fleet.onChange((node, previous) => {
        if (node !== null || previous === null) return;
        rings.delete(previous.id);
        lastSampled.delete(previous.id);
        streams.telemetry.delete(previous.id);
      });
      loop = startLoop({
        clock,
        random,
        jitter: 0,
        intervalMs: () => SAMPLE_MS,
        run: sampleAll,
        onError: (error) => log.error('Telemetry could not be sampled.', { error: String(error) }),
      });
    },
    async stop() {
      unsubscribe?.();
      unsubscribe = null;
      meter.stop();
      const stopping = loop;
      loop = null;
      await stopping?.stop();
    },
    history(nodeId) {
      fleet.require(nodeId);
      return rings.get(nodeId)?.samples(clock.now()) ?? [];
    },
    recordVectors: meter.record,
    work: meter.samples,
    async readGpus(nodeId, signal) {
      const node = fleet.require(nodeId);
      if (node.kind === 'simulated') return simulated(nodeId)?.gpus ?? null;
      if (node.kind !== 'this-computer') return null;
      const gpus = await local.gpus(FRESH_MS, signal);
      return gpus.length === 0 ? null : gpus;
    },
  };
}
