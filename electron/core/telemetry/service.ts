import { createEmitter } from '../../../shared/emitter.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { type QueueKind, type QueueSample, queueKindSchema } from '../../../shared/models/requests.ts';
import type {
  GpuReading,
  HistorySpan,
  HostReading,
  NodeBucket,
  QueueBucket,
  TelemetrySample,
  WorkBucket,
  WorkSample,
} from '../../../shared/models/telemetry.ts';
import type { LocalHardware } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Clock, Random } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { Streams } from '../runtime/streams.ts';
import { toSamples, toWorkSamples } from './hour.ts';
import { createLeftBehind, type RunnerParent } from './left-behind.ts';
import { createLocalReadings } from './local.ts';
import { createQueueHistory } from './queue-history.ts';
import { createQueueMeter } from './queues.ts';
import { ALL_NODES, createHistoryRecorder } from './recorder.ts';
import { type NodeReading, readingOf } from './rollup.ts';
import { createSampleRing, type SampleRing } from './sample-ring.ts';
import { createWorkMeter } from './work.ts';

/** The part of the fleet that telemetry needs. */
export interface TelemetryFleet {
  list(): NodeView[];
  get(id: string): NodeView | null;
  /** Throws NOT_FOUND. */
  require(id: string): NodeView;
  onChange(listener: (node: NodeView | null, previous: NodeView | null) => void): () => void;
}

export interface NodeReadings {
  gpus: GpuReading[] | null;
  host: HostReading;
}

export interface TelemetryService {
  start(): void;
  /** Suspends sampling until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
  /** Current readings of a node's tools; null if there are none or the node does not serve. */
  reading(nodeId: string): NodeReadings | null;
  /** The newest readings of one node, or of all that are measured. Rejects with NOT_FOUND. */
  latest(nodeId: string | null, signal: AbortSignal): Promise<TelemetrySample[]>;
  /** Ids of the processes on a node's GPUs that outlived their server. */
  leftBehind(nodeId: string): ReadonlySet<number>;
  /** Called with each new sample. */
  onSample(listener: (sample: TelemetrySample) => void): () => void;
  /** The last hour of one node, oldest first; per minute for the time before a restart. Throws NOT_FOUND. */
  history(nodeId: string): TelemetrySample[];
  /** The stored history of one node, or of all together, oldest first, in at most `atMost` buckets. Throws NOT_FOUND. */
  buckets(nodeId: string | null, range: HistorySpan, atMost: number): NodeBucket[];
  /** Vectors were embedded on a node. */
  recordVectors(nodeId: string, count: number): void;
  /** The last hour of work, oldest first; per minute for the time before a restart. */
  work(): WorkSample[];
  /** The stored history of work, oldest first, in at most `atMost` buckets. */
  workBuckets(range: HistorySpan, atMost: number): WorkBucket[];
  /** So many of a kind wait from now on. */
  recordQueue(kind: QueueKind, waiting: number): void;
  /** The last hour of what waited, oldest first. */
  queues(): QueueSample[];
  /** The stored history of what waited, oldest first, in at most `atMost` buckets. */
  queueBuckets(range: HistorySpan, atMost: number): QueueBucket[];
  /** New readings of a node's tools; null if there are none. */
  readGpus(nodeId: string, signal: AbortSignal): Promise<GpuReading[] | null>;
}

export interface TelemetryDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  hardware: LocalHardware;
  store: Pick<Store, 'history' | 'queueHistory'>;
  streams: Pick<Streams, 'telemetry' | 'work' | 'queues'>;
  fleet: TelemetryFleet;
  /** Readings of a simulated machine; null if it is not simulated, or off. */
  simulated: (nodeId: string) => NodeReadings | null;
  /** Readings of the agents; null if there are none. */
  agents: {
    /** The process that started a runner of its server, as the agent reported it; null if it did not. */
    runnerParent(nodeId: string, pid: number): RunnerParent | null;
    reading(nodeId: string): NodeReadings | null;
    freshReading(nodeId: string, signal: AbortSignal): Promise<{ gpus: GpuReading[] | null } | null>;
  };
}

const SAMPLE_MS = 2000;
/** Sampling interval for tools without subscribers, and for quiet remote nodes. */
const SLOW_MS = 30_000;
const HOUR_MS = 3_600_000;
const HOUR_BUCKETS = 60;
/** A reading of a tool younger than this is fresh. */
const FRESH_MS = 250;

export function createTelemetryService(deps: TelemetryDependencies): TelemetryService {
  const { clock, random, log, hardware, store, streams, fleet, simulated, agents } = deps;
  const local = createLocalReadings({ clock, hardware, log });
  const rings = new Map<string, SampleRing>();
  const lastSampled = new Map<string, { at: number; loaded: NodeView['loaded'] }>();
  const leftBehind = createLeftBehind({ clock });
  const meter = createWorkMeter({ clock, onSample: (sample) => streams.work.set('work', sample) });
  const queues = createQueueMeter({ clock, onSample: (sample) => streams.queues.set('queues', sample) });
  const waited = createQueueHistory({
    clock,
    log,
    store: store.queueHistory,
    kinds: queueKindSchema.options,
  });
  const recorder = createHistoryRecorder({ clock, log, history: store.history });
  const sampled = createEmitter<[TelemetrySample]>({ name: 'telemetry', log });
  const createdAt = clock.now();
  let loop: Loop | null = null;
  let unsubscribe: (() => void) | null = null;

  /** This computer is measured even if no server runs on it. */
  const isHere = ({ kind }: NodeView) => kind === 'this-computer';
  const isMeasured = (node: NodeView) => isServing(node.state) || isHere(node);

  async function sampleAll(signal: AbortSignal): Promise<void> {
    if (fleet.list().some(isHere)) {
      await local.gpus(streams.telemetry.active ? SAMPLE_MS / 2 : SLOW_MS, signal);
    }
    // List nodes only after the tools ran, which may take seconds: a node removed meanwhile must not reappear.
    const serving = new Map<string, NodeReading>();
    for (const node of fleet.list()) {
      if (!isMeasured(node)) {
        forgetNewest(node.id);
        continue;
      }
      const tools = readTools(node);
      if (tools?.gpus)
        leftBehind.observe(node.id, tools.gpus, node.loaded, (pid) => agents.runnerParent(node.id, pid));
      sampleNode(node, marked(node.id, tools));
      if (isServing(node.state)) serving.set(node.id, readingOf(node, tools?.gpus ?? []));
    }
    recorder.observe(serving);
  }

  function sampleOf(node: NodeView, tools: ReturnType<typeof readTools>): TelemetrySample {
    return {
      nodeId: node.id,
      at: clock.now(),
      gpus: tools?.gpus ?? [],
      host: tools?.host ?? null,
      vramByModel: Object.fromEntries(node.loaded.map((model) => [model.name, model.vramBytes])),
    };
  }

  function sampleNode(node: NodeView, tools: ReturnType<typeof readTools>): void {
    const before = lastSampled.get(node.id);
    const now = clock.monotonic();
    // Without tools only the loaded models are known, so there is nothing to sample until they change.
    if (tools === null && before && before.loaded === node.loaded && now - before.at < SLOW_MS) return;
    lastSampled.set(node.id, { at: now, loaded: node.loaded });
    const sample = sampleOf(node, tools);
    let ring = rings.get(node.id);
    if (!ring) {
      ring = createSampleRing(node.id);
      rings.set(node.id, ring);
    }
    ring.push(sample);
    streams.telemetry.set(node.id, sample);
    sampled.emit(sample);
  }

  /** The last sample no longer applies once a machine is off. */
  function forgetNewest(nodeId: string): void {
    lastSampled.delete(nodeId);
    if (streams.telemetry.get(nodeId) !== undefined) streams.telemetry.delete(nodeId);
  }

  function readTools(node: NodeView): NodeReadings | null {
    if (!isMeasured(node)) return null;
    if (node.kind === 'simulated') return simulated(node.id);
    if (isHere(node)) return { gpus: local.latest(), host: hardware.readHost() };
    return node.agentUrl === null ? null : agents.reading(node.id);
  }

  /** With the processes marked that outlived their server. */
  function marked(nodeId: string, tools: NodeReadings | null): NodeReadings | null {
    if (tools === null || tools.gpus === null) return tools;
    const gpus = leftBehind.mark(nodeId, tools.gpus);
    return gpus === tools.gpus ? tools : { ...tools, gpus };
  }

  /** Stored samples of the last hour from before this start, up to `before`. */
  function earlier<T>(read: () => T[], before: number): T[] {
    if (Math.min(createdAt, before) <= clock.now() - HOUR_MS) return [];
    try {
      return read();
    } catch (error) {
      log.warn('The history from before the start could not be read.', { error: String(error) });
      return [];
    }
  }

  function start(): void {
    if (loop) return;
    waited.start();
    unsubscribe = fleet.onChange((node, previous) => {
      if (node !== null) {
        if (!isMeasured(node)) forgetNewest(node.id);
      } else if (previous !== null) {
        rings.delete(previous.id);
        leftBehind.forget(previous.id);
        recorder.forget(previous.id);
        forgetNewest(previous.id);
      }
    });
    loop = startLoop({
      clock,
      random,
      jitter: 0,
      intervalMs: () => SAMPLE_MS,
      run: sampleAll,
      onError: (error) => log.error('Telemetry could not be sampled.', { error: String(error) }),
    });
  }

  async function stop(): Promise<void> {
    unsubscribe?.();
    unsubscribe = null;
    meter.stop();
    queues.stop();
    waited.stop();
    const stopping = loop;
    loop = null;
    await stopping?.stop();
    recorder.flush();
  }

  return {
    start,
    pause: stop,
    resume: start,
    stop,
    reading(nodeId) {
      const node = fleet.get(nodeId);
      return node && marked(nodeId, readTools(node));
    },
    async latest(nodeId, signal) {
      const wanted = () => (nodeId === null ? fleet.list() : [fleet.require(nodeId)]);
      if (wanted().some(isHere)) await local.gpus(SAMPLE_MS, signal);
      return wanted()
        .filter(isMeasured)
        .map((node) => sampleOf(node, marked(node.id, readTools(node))));
    },
    leftBehind: leftBehind.pids,
    onSample: sampled.on,
    history(nodeId) {
      fleet.require(nodeId);
      const live = rings.get(nodeId)?.samples(clock.now()) ?? [];
      const before = Math.min(createdAt, live[0]?.at ?? createdAt);
      const kept = earlier(
        () => toSamples(nodeId, recorder.buckets(nodeId, 'hour', HOUR_BUCKETS), before),
        before,
      );
      return [...kept, ...live];
    },
    buckets(nodeId, range, atMost) {
      if (nodeId !== null) fleet.require(nodeId);
      return recorder.buckets(nodeId ?? ALL_NODES, range, atMost);
    },
    recordVectors(nodeId, count) {
      meter.record(nodeId, count);
      recorder.addVectors(nodeId, count);
    },
    work() {
      const live = meter.samples();
      const before = Math.min(createdAt, live[0]?.at ?? createdAt);
      return [...earlier(() => toWorkSamples(recorder.work('hour', HOUR_BUCKETS), before), before), ...live];
    },
    workBuckets: recorder.work,
    recordQueue(kind, waiting) {
      queues.set(kind, waiting);
      waited.set(kind, waiting);
    },
    queueBuckets: waited.buckets,
    queues: queues.samples,
    async readGpus(nodeId, signal) {
      const node = fleet.require(nodeId);
      if (node.kind === 'simulated') return marked(nodeId, simulated(nodeId))?.gpus ?? null;
      const gpus =
        node.kind === 'this-computer'
          ? await local.gpus(FRESH_MS, signal)
          : ((await agents.freshReading(nodeId, signal))?.gpus ?? []);
      return gpus.length === 0 ? null : leftBehind.mark(nodeId, gpus);
    },
  };
}
