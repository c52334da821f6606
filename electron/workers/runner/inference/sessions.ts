/** Sessions on the inference process: each graph climbs the ladder once, while the CPU already serves it. */
import type { RunnerProvider, RunnerRung } from '../../../../shared/models/runner.ts';
import type { WorkerHost } from '../../../adapters/processes/worker-host.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock } from '../../../core/ports/time.ts';
import { climb, type Try } from '../ladder/climb.ts';
import { chosen, FLOAT_COSINE, rung } from '../ladder/decide.ts';
import type { LadderNotes } from '../ladder/notes.ts';
import { smallGraph } from '../ladder/small-graph.ts';
import type { GraphOptions, OpenedGraph, Sessions, Trial, TrialMaker } from '../sessions.ts';
import type { DeadlineOptions } from './deadline.ts';
import { createEngine } from './engine.ts';
import { atOnce, type Graph } from './graph.ts';
import { startInference } from './link.ts';
import { createMemoryWatch, type MemoryLimits } from './memory.ts';
import { superviseInference } from './supervisor.ts';

export interface InferenceOptions {
  host: WorkerHost;
  clock: Clock;
  log: Log;
  notes: LadderNotes;
  /** For profiles; removed again. */
  folder: string;
  deviceKey: string;
  threads: number | null;
  /** Default: a hung run is one of two minutes, or of twenty times what it usually takes. */
  deadlines?: DeadlineOptions;
  memory?: MemoryLimits;
  /** Default: there is no spare process. */
  spareAfterMs?: number;
  /** In order, the CPU last. */
  rungs: readonly RunnerProvider[];
}

export interface Inference extends Sessions {
  /** Of this machine, with a small graph. */
  ladder(): readonly RunnerRung[];
  /** Version of onnxruntime; empty before it was loaded. */
  version(): string;
  /** Resolves when onnxruntime is loaded. Rejects with RUNNER_NOT_INSTALLED, RUNNER_STOPPED. */
  ready(): Promise<void>;
  isReady(): boolean;
  /** Of its processes. */
  pids(): number[];
  restarts(): number;
  runs(): { all: number; gpu: number };
  /** Resolves when the ladders of the machine and of all open graphs are known. */
  settled(): Promise<void>;
  /** Tries the providers again, with the small graph and with all open graphs. */
  check(): Promise<void>;
  stop(): void;
}

const usualDeadlines: DeadlineOptions = { minimumMs: 30_000, firstMs: 120_000 };
const usualMemory: MemoryLimits = {
  idleMs: 15_000,
  slackBytes: 24 * 1024 ** 2,
  growthBytes: 6 * 1024 ** 3,
};

export function createInferenceSessions(options: InferenceOptions): Inference {
  const { host, clock, log, notes, threads, folder, rungs } = options;
  let machine: readonly RunnerRung[] = rungs.map((one) => rung(one, one === 'cpu' ? 'used' : 'untried'));
  let version = '';
  const runs = { all: 0, gpu: 0 };
  const memory = createMemoryWatch({
    limits: options.memory ?? usualMemory,
    clock,
    isBusy: () => engine.pending > 0,
    restart: (why) => void supervisor.restart(why),
  });

  const supervisor = superviseInference({
    host,
    clock,
    log,
    config: { threads },
    spareAfterMs: options.spareAfterMs,
    onUp(generation) {
      version = generation.version;
      memory.forget();
      engine.reopen();
    },
  });
  const engine = createEngine({
    supervisor,
    log,
    deadlines: options.deadlines ?? usualDeadlines,
    onRun({ providers, rss }) {
      runs.all += providers.length;
      runs.gpu += providers.filter((provider) => provider !== 'cpu').length;
      memory.seen(rss);
    },
  });

  /** One after the other, so that trials do not slow each other down. */
  let trials: Promise<unknown> = Promise.resolve();
  const trying = new Set<{ kill(): void }>();
  const tryOn: Try = (params, deadlineMs) => {
    const result = trials.then(async () => {
      const link = startInference({
        host,
        timer: clock.timer,
        config: { threads },
        onDefect: (cause) => log.warn('A provider could not be tried.', { cause }),
      });
      trying.add(link);
      try {
        return await link.call('trial', { ...params, folder }, { deadlineMs });
      } finally {
        trying.delete(link);
        link.kill();
      }
    });
    trials = result.catch(() => {});
    return result;
  };

  async function ladderOf(key: string, make: () => Promise<RunnerRung[]>): Promise<RunnerRung[]> {
    const whole = `${version} ${options.deviceKey} ${rungs.join()} ${key}`;
    const known = notes.ladder(whole);
    if (known !== null) return known;
    const ladder = await make();
    notes.setLadder(whole, ladder);
    return ladder;
  }

  async function climbMachine(): Promise<void> {
    const { providers } = await supervisor.current();
    machine = await ladderOf('machine', () =>
      climb({
        ...smallGraph(),
        rungs,
        compiled: providers,
        failed: [],
        cosine: FLOAT_COSINE,
        mustBeFaster: false,
        tryOn,
      }),
    );
  }
  let machineKnown = knowMachine();
  function knowMachine(): Promise<void> {
    return climbMachine().catch((error: unknown) => {
      log.warn('The providers of this machine could not be tried.', { error: String(error) });
    });
  }

  async function climbGraph(
    graph: Graph,
    { trial, fewTrial, hash, cosine = FLOAT_COSINE }: GraphOptions,
  ): Promise<void> {
    await machineKnown;
    if (trial === undefined || graph.closed) return;
    const make = async () => {
      const { providers } = await supervisor.current();
      const failed = machine.filter(({ state }) => state === 'failed' || state === 'wrong');
      const { file } = graph;
      return climb({
        file,
        feeds: typeof trial === 'function' ? (trial as TrialMaker)(graph) : (trial as Trial),
        fewFeeds: fewTrial?.(graph),
        rungs,
        compiled: providers,
        failed,
        cosine,
        mustBeFaster: true,
        tryOn,
      });
    };
    graph.ladder = hash === undefined ? await make() : await ladderOf(hash, make);
    engine.move(graph, chosen(graph.ladder));
  }

  const climbing = new Set<Promise<void>>();
  const open = new Map<Graph, GraphOptions>();
  /** What was handed out of it, to find it again. */
  const graphOf = new WeakMap<OpenedGraph, Graph>();

  function startClimb(graph: Graph, graphOptions: GraphOptions): void {
    const climbed = climbGraph(graph, graphOptions).catch((error: unknown) => {
      log.warn('The providers could not be tried with a model.', { file: graph.file, error: String(error) });
    });
    climbing.add(climbed);
    void climbed.finally(() => climbing.delete(climbed));
  }

  async function settled(): Promise<void> {
    await machineKnown;
    await Promise.all(climbing);
  }

  return {
    async open(file, graphOptions = {}): Promise<OpenedGraph> {
      const graph = engine.add(file, 'cpu');
      graph.ladder = rungs.map((one) => rung(one, one === 'cpu' ? 'used' : 'untried'));
      await engine.open(graph);
      open.set(graph, graphOptions);
      startClimb(graph, graphOptions);
      const opened: OpenedGraph = {
        get inputs() {
          return graph.inputs;
        },
        get outputs() {
          return graph.outputs;
        },
        provider: () => graph.provider,
        atOnce: (urgent) => atOnce(graph, urgent),
        ladder: () => graph.ladder,
        run: (feeds, runOptions) => engine.run(graph, feeds, runOptions),
        close() {
          open.delete(graph);
          return engine.close(graph);
        },
      };
      graphOf.set(opened, graph);
      return opened;
    },
    perform(task, graphs, signal) {
      const [first, ...others] = graphs.map((graph) => graphOf.get(graph));
      if (first === undefined || others.includes(undefined)) throw new Error('A graph was opened elsewhere.');
      return engine.perform([first, ...(others as Graph[])], task, signal);
    },
    hear(task, graphs, signal) {
      const own = graphs.map((graph) => graphOf.get(graph));
      if (own.includes(undefined)) throw new Error('A graph was opened elsewhere.');
      return engine.hear(own as [Graph, Graph, Graph], task, signal);
    },
    ladder: () => machine,
    version: () => version,
    async ready() {
      await supervisor.current();
    },
    isReady: () => supervisor.peek() !== null,
    pids: supervisor.pids,
    restarts: supervisor.restarts,
    runs: () => ({ ...runs }),
    settled,
    async check() {
      await supervisor.current();
      await settled();
      notes.forgetLadders();
      machineKnown = knowMachine();
      for (const [graph, graphOptions] of open) startClimb(graph, graphOptions);
      await settled();
    },
    stop() {
      engine.stop();
      supervisor.stop();
      for (const link of trying) link.kill();
      memory.stop();
    },
  };
}

/** The provider of a machine: the best one that a model uses, else the best one that passed the small graph. */
export function bestProvider(
  ladder: readonly RunnerRung[],
  inUse: readonly RunnerProvider[],
): RunnerProvider {
  const order = ladder.map(({ provider }) => provider);
  const best = order.find((provider) => inUse.includes(provider));
  return best ?? chosen(ladder);
}
