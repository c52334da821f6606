/**
 * Runs graphs in the inference process, urgent ones first. The next run is sent before the present ones have ended, so
 * that the process never waits for this one. A process that dies, hangs or loses its device is
 * replaced, and what it was doing is repeated; a provider that fails is replaced by the CPU.
 */
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { Log } from '../../../core/ports/log.ts';
import { demoted } from '../ladder/decide.ts';
import type { PictureResult, PictureTask } from '../pictures/task.ts';
import type { Feeds, RunOptions } from '../sessions.ts';
import type { HeardWindow, SpeechTask } from '../speech/task.ts';
import { type Call, pictureCall, runCall, speechCall } from './calls.ts';
import { createDeadline, type DeadlineOptions } from './deadline.ts';
import { faultOf } from './faults.ts';
import { type Done, faultyGraph, type Graph, type Job, mostAtOnce, providersOf } from './graph.ts';
import { ProcessEnded } from './link.ts';
import type { Answers } from './protocol.ts';
import type { Generation, Supervisor } from './supervisor.ts';

export interface EngineOptions {
  supervisor: Supervisor;
  log: Log;
  deadlines: DeadlineOptions;
  /** After each job, with the providers of its graphs and the memory of the process. */
  onRun(run: { providers: readonly RunnerProvider[]; rss: number; isIdle: boolean }): void;
}

export interface Engine {
  add(file: string, provider: RunnerProvider): Graph;
  /** Opens it where it runs. Rejects like `run`. */
  open(graph: Graph): Promise<void>;
  run(graph: Graph, feeds: Feeds, options?: RunOptions): Promise<Answers>;
  perform<Task extends PictureTask>(
    graphs: readonly [Graph, ...Graph[]],
    task: Task,
    signal?: AbortSignal,
  ): Promise<PictureResult<Task>>;
  hear(graphs: readonly [Graph, Graph, Graph], task: SpeechTask, signal: AbortSignal): Promise<HeardWindow>;
  /** From its next run on. */
  move(graph: Graph, provider: RunnerProvider): void;
  /** Opens what is needed in a new process, and everything else when there is nothing to run. */
  reopen(): void;
  close(graph: Graph): Promise<void>;
  /** Runs that wait or run. */
  readonly pending: number;
  stop(): void;
}

/** A run that ended so many processes by itself is at fault. */
const MOST_DEATHS = 2;
/** A process that was killed from outside says little about its run, unless it happens each time. */
const MOST_KILLINGS = 5;
const MOST_LOSSES = 1;
const OPEN_MS = 300_000;

interface Attempt {
  generation: Generation | null;
  providers: string;
}

interface AddOptions {
  signal?: AbortSignal | undefined;
  urgent?: boolean | undefined;
  divisible?: boolean | undefined;
}

export function createEngine({ supervisor, log, deadlines, onRun }: EngineOptions): Engine {
  const urgent: Job[] = [];
  const others: Job[] = [];
  /** Each of them takes seconds: others do not wait behind those that wait. */
  const speech: Job[] = [];
  const graphs = new Set<Graph>();
  let lastGraph = 0;
  const sent = new Set<Job>();
  let stopped = false;

  function demote(graph: Graph, reason: Message): void {
    log.warn('A provider failed; the CPU takes over.', { provider: graph.provider, file: graph.file });
    graph.ladder = demoted(graph.ladder, graph.provider, reason);
    move(graph, 'cpu');
  }

  function move(graph: Graph, provider: RunnerProvider): void {
    if (graph.provider === provider) return;
    graph.provider = provider;
    graph.lanes = 1;
    const generation = supervisor.peek();
    if (generation?.open.delete(graph.id)) generation.link.call('close', { graph: graph.id }).catch(() => {});
  }

  function openIn({ open, link }: Generation, graph: Graph): Promise<void> {
    const { id, file, provider } = graph;
    const known = open.get(id);
    if (known !== undefined) return known;
    const opening = link
      .call('open', { graph: id, file, provider }, { deadlineMs: OPEN_MS })
      .then((opened) => {
        graph.inputs = opened.inputs;
        graph.outputs = opened.outputs;
        graph.lanes = opened.lanes;
      });
    open.set(id, opening);
    opening.catch(() => {
      if (open.get(id) === opening) open.delete(id);
    });
    return opening;
  }

  async function attempt({ graphs, call }: Job, generation: Generation): Promise<Done['value']> {
    for (const graph of graphs) await openIn(generation, graph);
    const { value, rss } = await call(generation.link);
    onRun({ providers: graphs.map(({ provider }) => provider), rss, isIdle: engineSize() === 1 });
    return value;
  }

  /** Whether it is worth another attempt after its process ended; rejects the job if it is not. */
  function survivesEnd(job: Job, { reason }: ProcessEnded): boolean {
    if (stopped) return refuse(job, new PilotlightError('RUNNER_STOPPED'));
    // Ended by ourselves, to give memory back: not the run's fault.
    if (reason === 'closed') return true;
    if (job.hadCompany) {
      // Any of them may be at fault. Alone, it shows, but that takes long where there are many: whoever kills a process
      // from outside does so once, as a rule.
      job.isSuspect = reason !== 'outside' || job.wasKilledInCompany;
      job.wasKilledInCompany = true;
      return true;
    }
    if (reason === 'outside') job.killings += 1;
    else job.deaths += 1;
    if (job.deaths < MOST_DEATHS && job.killings < MOST_KILLINGS) return true;
    const elsewhere = job.graphs.filter(({ provider }) => provider !== 'cpu');
    if (elsewhere.length === 0) return refuse(job, new PilotlightError('RUNNER_INPUT_REFUSED'));
    for (const graph of elsewhere)
      demote(graph, fact('RUNNER_PROVIDER_CRASHED', { provider: graph.provider }));
    job.deaths = 0;
    return true;
  }

  /** Whether it is worth another attempt; rejects the job if it is not. */
  async function survives(job: Job, error: unknown, tried: Attempt): Promise<boolean> {
    if (error instanceof ProcessEnded) return survivesEnd(job, error);
    // Another run that was sent with it has shown the same, and it was dealt with.
    if (tried.providers !== providersOf(job) || tried.generation !== supervisor.peek()) return true;
    const graph = faultyGraph(job, (error as Partial<PilotlightError>).details);
    if (!isPilotlightError(error) || graph.provider === 'cpu') return refuse(job, error);
    const { provider } = graph;
    const kind = faultOf(error as PilotlightError);
    if (kind === 'inputs' || kind === null) return refuse(job, error);
    if (kind === 'memory' && job.isDivisible) return refuse(job, error);
    if (kind === 'lost') {
      graph.losses += 1;
      if (graph.losses > MOST_LOSSES) demote(graph, fact('RUNNER_PROVIDER_LOST', { provider }));
      await supervisor.restart('Its device was lost.');
      return true;
    }
    const reason = String((error as PilotlightError).details?.reason ?? error.message);
    demote(graph, fact('RUNNER_PROVIDER_FAILED', { provider, reason }));
    return true;
  }

  function refuse(job: Job, error: unknown): false {
    job.reject(error);
    return false;
  }

  async function perform(job: Job): Promise<void> {
    const { graphs, signal } = job;
    if (signal?.aborted) return void refuse(job, signal.reason);
    if (stopped || graphs.some(({ closed }) => closed))
      return void refuse(job, new PilotlightError('RUNNER_STOPPED'));
    let tried: Attempt = { generation: null, providers: providersOf(job) };
    try {
      const generation = await supervisor.current();
      tried = { generation, providers: providersOf(job) };
      return job.resolve(await attempt(job, generation));
    } catch (error) {
      const isUnsent = tried.generation === null;
      if (isUnsent ? refuse(job, error) : await survives(job, error, tried)) queueOf(job).unshift(job);
    }
  }

  const queueOf = ({ isUrgent, kind }: Pick<Job, 'isUrgent' | 'kind'>) =>
    isUrgent ? urgent : kind === 'speech' ? speech : others;
  const engineSize = () => urgent.length + others.length + speech.length + sent.size;

  function mayBeSent(job: Job): boolean {
    if (sent.size === 0) return true;
    const all = [...sent];
    if (job.isSuspect || all.some(({ isSuspect }) => isSuspect)) return false;
    const alike = all.filter(({ kind, isUrgent }) => kind === job.kind && isUrgent === job.isUrgent);
    return alike.length < mostAtOnce(job);
  }

  function start(): void {
    for (const queue of [urgent, others, speech]) {
      for (let job = queue[0]; job !== undefined; job = queue[0]) {
        // One that has to run alone is not overtaken for ever.
        if (!mayBeSent(job)) {
          if (job.isSuspect) return;
          break;
        }
        queue.shift();
        send(job);
      }
    }
  }

  function send(job: Job): void {
    sent.add(job);
    job.hadCompany = sent.size > 1;
    if (job.hadCompany) for (const one of sent) one.hadCompany = true;
    void perform(job).finally(() => {
      sent.delete(job);
      start();
      if (engineSize() === 0) void reopenIdle();
    });
  }

  function add(
    graphs: Job['graphs'],
    kind: Job['kind'],
    call: Call,
    { signal, urgent: isUrgent = false, divisible = false }: AddOptions,
  ): Promise<unknown> {
    if (stopped || graphs.some(({ closed }) => closed))
      return Promise.reject(new PilotlightError('RUNNER_STOPPED'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    const queue = queueOf({ isUrgent, kind });
    return new Promise((resolve, reject) => {
      const abort = () => {
        const at = queue.indexOf(job);
        if (at >= 0) queue.splice(at, 1);
        reject(signal?.reason);
      };
      const settle =
        <Value>(how: (value: Value) => void) =>
        (value: Value) => {
          signal?.removeEventListener('abort', abort);
          how(value);
        };
      const job: Job = {
        graphs,
        kind,
        isUrgent,
        isDivisible: divisible,
        signal,
        call,
        resolve: settle(resolve),
        reject: settle(reject),
        deaths: 0,
        killings: 0,
        hadCompany: false,
        wasKilledInCompany: false,
        isSuspect: false,
      };
      signal?.addEventListener('abort', abort, { once: true });
      queue.push(job);
      start();
    });
  }

  let isReopening = false;
  /**
   * A run opens its own graph. The others are opened one by one while nothing waits, so that a run has to wait for one of
   * them at most.
   */
  async function reopenIdle(): Promise<void> {
    if (isReopening) return;
    isReopening = true;
    const tried = new WeakMap<Generation, Set<Graph>>();
    for (;;) {
      const generation = supervisor.peek();
      if (generation === null || stopped || engineSize() > 0) break;
      const before = tried.get(generation) ?? new Set();
      const graph = [...graphs].find((one) => !before.has(one) && !generation.open.has(one.id));
      if (graph === undefined) break;
      tried.set(generation, before.add(graph));
      await openIn(generation, graph).catch(() => {});
    }
    isReopening = false;
  }

  return {
    add(file, provider) {
      lastGraph += 1;
      const graph: Graph = {
        id: lastGraph,
        file,
        provider,
        deadline: createDeadline(deadlines),
        pictureDeadline: createDeadline(deadlines),
        ladder: [],
        inputs: [],
        outputs: [],
        lanes: 1,
        losses: 0,
        closed: false,
      };
      return graph;
    },
    async open(graph) {
      for (let deaths = 0; ; deaths += 1) {
        try {
          await openIn(await supervisor.current(), graph);
          graphs.add(graph);
          return;
        } catch (error) {
          if (!(error instanceof ProcessEnded)) throw error;
          if (stopped) throw new PilotlightError('RUNNER_STOPPED');
          if (deaths + 1 >= MOST_KILLINGS || (error.reason !== 'outside' && deaths + 1 >= MOST_DEATHS))
            throw new PilotlightError('RUNNER_BAD_GRAPH', {
              message: fact('RUNNER_OTHER_GRAPH_FAULT', { reason: error.message }),
            });
        }
      }
    },
    run: (graph, feeds, options = {}) =>
      add([graph], 'run', runCall(graph, feeds, options), options) as Promise<Answers>,
    perform: (graphs, task, signal) =>
      add(graphs, 'picture', pictureCall(graphs, task, signal), { signal }) as Promise<never>,
    hear: (graphs, task, signal) =>
      add(graphs, 'speech', speechCall(graphs, task, { signal, silenceMs: deadlines.firstMs }), {
        signal,
      }) as Promise<never>,
    move,
    reopen() {
      void reopenIdle();
    },
    async close(graph) {
      graph.closed = true;
      graphs.delete(graph);
      const generation = supervisor.peek();
      if (generation?.open.delete(graph.id))
        await generation.link.call('close', { graph: graph.id }).catch(() => {});
    },
    get pending() {
      return engineSize();
    },
    stop() {
      stopped = true;
      for (const job of [...urgent.splice(0), ...others.splice(0), ...speech.splice(0)])
        job.reject(new PilotlightError('RUNNER_STOPPED'));
    },
  };
}
