/** The inference process: opens graphs and runs them, also on pictures. A run blocks its own thread; see `lanes.ts` for those beside it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { Handlers } from '../../rpc.ts';
import { withPooling } from '../onnx/pooling.ts';
import { decodersAtOnce } from '../pictures/at-once.ts';
import { defaultPictureLimits } from '../pictures/picture.ts';
import { createPictures } from '../pictures/pictures.ts';
import { createPictureWork } from '../pictures/work.ts';
import type { Reduction, RunnableGraph, VectorReduction } from '../sessions.ts';
import type { HeldGraph } from '../speech/held.ts';
import { createSpeechWork, type SpeechWork } from '../speech/work.ts';
import { toRunnerError } from './faults.ts';
import { fitsLanes } from './lane-choice.ts';
import type { LaneResult, Lanes } from './lanes.ts';
import {
  installedProviders,
  loadOrt,
  type Ort,
  openSession,
  runHeld,
  runSession,
  type Session,
  tensorMaker,
  valuesOf,
} from './onnxruntime.ts';
import { shareOf } from './profile.ts';
import type {
  Answers,
  Feeds,
  InferenceContract,
  OpenParams,
  PictureDone,
  PictureParams,
  SpeechDone,
  SpeechParams,
  TrialParams,
  TrialResult,
} from './protocol.ts';
import { runReduced } from './reduced-run.ts';
import { type Beside, createTurns } from './turns.ts';

export interface InferenceProgram {
  readonly handlers: Handlers<InferenceContract>;
  configure(config: InferenceContract['config']): void;
}

interface OpenGraph {
  file: string | Uint8Array;
  provider: RunnerProvider;
  session: Session;
  /** null for a graph of which only one run happens at a time. */
  lanes: { lanes: Lanes; file: string } | null;
  /** The added output of a session that pools by itself; null if it does not, undefined before that was tried. */
  pooled?: string | null;
}
/** A provider that is slow has shown it after so long. */
const TRIAL_MS = 3000;

/** A larger run leaves so much memory behind that it is given back. */
const LARGE_RUN = 2048;

interface RunChoice {
  reduction: Reduction | null;
  shrink: boolean;
}

/** @param options.lanesOf for so many threads of a run; null for none */
export function createInference({
  load = loadOrt,
  lanesOf = () => null,
}: {
  load?: () => Promise<Ort>;
  lanesOf?: (threads: number | null) => Lanes | null;
} = {}): InferenceProgram {
  const sessions = new Map<number, OpenGraph>();
  const turns = createTurns();
  let threads: number | null = null;
  let lanes: Lanes | null = null;
  let speech: SpeechWork | null = null;
  let loading: Promise<Ort> | null = null;

  function ort(): Promise<Ort> {
    loading ??= load();
    return loading;
  }

  async function coded<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      throw isPilotlightError(error) ? error : toRunnerError(error);
    }
  }

  async function trial(params: TrialParams): Promise<TrialResult> {
    const library = await ort();
    const { file, provider, feeds, times } = params;
    const folder = mkdtempSync(join(params.folder, 'profile-'));
    try {
      const session = await openSession(library, file, { provider, threads, profile: join(folder, 'run') });
      // The first run compiles and allocates; the profile covers it alone, or it would grow with every run.
      const answers = await runSession(library, session, feeds);
      session.endProfiling();
      const [profile] = readdirSync(folder);
      const share =
        profile === undefined ? null : shareOf(readFileSync(join(folder, profile), 'utf8'), provider);
      let ms = Number.POSITIVE_INFINITY;
      const enough = performance.now() + TRIAL_MS;
      for (let run = 0; run < times && (run === 0 || performance.now() < enough); run += 1) {
        const startedAt = performance.now();
        await runSession(library, session, feeds);
        ms = Math.min(ms, performance.now() - startedAt);
      }
      await session.release();
      return { ms, answers, share };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** On a GPU a graph that pools by itself replaces the one that was opened. What cannot pool stays as it is. */
  async function poolInGraph(graph: OpenGraph, { output, pooling }: VectorReduction): Promise<void> {
    graph.pooled = null;
    const { file, provider } = graph;
    if (provider === 'cpu' || pooling === 'none') return;
    const model = typeof file === 'string' ? readFileSync(file) : file;
    const inputs = valuesOf(graph.session.inputMetadata);
    const pooled = withPooling(model, { inputs, reduction: { output, pooling } });
    if (pooled === null) return;
    try {
      const session = await openSession(await ort(), pooled.bytes, { provider, threads, profile: null });
      const before = graph.session;
      graph.session = session;
      graph.pooled = pooled.output;
      await before.release();
    } catch {
      // Such as one with weights in files of their own, which are looked for beside the graph.
    }
  }

  async function answersOf(graph: OpenGraph, feeds: Feeds, options: RunChoice): Promise<Answers> {
    const { reduction } = options;
    if (reduction?.kind === 'vectors' && graph.pooled === undefined) await poolInGraph(graph, reduction);
    return runReduced(await ort(), graph.session, feeds, { ...options, pooled: graph.pooled ?? null });
  }

  async function run(graph: number, feeds: Feeds, options: RunChoice): Promise<LaneResult> {
    const opened = sessions.get(graph);
    if (opened === undefined) throw new PilotlightError('RUNNER_STARTING');
    const startedAt = performance.now();
    const answers = await answersOf(opened, feeds, options);
    const ms = performance.now() - startedAt;
    return { answers, ms, beside: 1 };
  }

  /** null for a graph that only the process's own thread runs. */
  function besideOf(graph: number, feeds: Feeds, options: RunChoice): Beside<LaneResult> | null {
    const opened = sessions.get(graph);
    if (opened?.lanes == null) return null;
    const { lanes, file } = opened.lanes;
    return {
      place() {
        // Closed meanwhile: `run` says so.
        const state = sessions.get(graph) === opened ? lanes.state(graph, file) : 'never';
        if (state === 'busy') return 'wait';
        return state === 'free' ? 'beside' : 'own';
      },
      async work() {
        try {
          return await lanes.run(graph, feeds, options);
        } catch (error) {
          if (isPilotlightError(error)) throw error;
          // The thread ended, not the run.
          return turns.take(() => coded(() => run(graph, feeds, options)));
        }
      },
    };
  }

  /** @param grown the process has, by opening it: weights may lie in other files, or be larger when they are ready */
  function lanesFor(file: string | Uint8Array, grown: number): OpenGraph['lanes'] {
    if (lanes === null || typeof file !== 'string') return null;
    return fitsLanes(Math.max(statSync(file).size, grown), lanes.choice, totalmem()) ? { lanes, file } : null;
  }

  interface Asked {
    feeds: Feeds;
    reduction: Reduction | null;
    size: number;
    urgent: boolean;
  }

  /** When it is its turn. */
  function runInTurn(graph: number, { feeds, reduction, size, urgent }: Asked): Promise<LaneResult> {
    const isOnCpu = sessions.get(graph)?.provider === 'cpu';
    const options = { reduction, shrink: isOnCpu && size > LARGE_RUN };
    return turns.take(() => coded(() => run(graph, feeds, options)), {
      urgent,
      beside: urgent ? null : besideOf(graph, feeds, options),
    });
  }

  /** As the work on pictures sees it. */
  const graphOf = (graph: number): RunnableGraph => ({
    provider: () => sessions.get(graph)?.provider ?? 'cpu',
    // The next one is ready when one ends.
    atOnce: () => (sessions.get(graph)?.lanes?.lanes.choice.count ?? 1) + 1,
    async run(feeds, { signal, reduce = null, size = 1 } = {}) {
      signal?.throwIfAborted();
      try {
        return (await runInTurn(graph, { feeds, reduction: reduce, size, urgent: false })).answers;
      } catch (error) {
        throw isPilotlightError(error) ? ofGraph(error, graph) : error;
      }
    },
  });
  const pictureWork = createPictureWork({
    pictures: createPictures({ limits: defaultPictureLimits, atOnce: decodersAtOnce }),
    graphOf,
  });
  let atWork = 0;

  async function picture({ task, graphs }: PictureParams, signal: AbortSignal): Promise<PictureDone> {
    const startedAt = performance.now();
    atWork += 1;
    const beside = atWork;
    try {
      const result = await pictureWork.perform(task, graphs, signal);
      const ms = (performance.now() - startedAt) / Math.max(beside, atWork);
      return { result, ms, rss: process.memoryUsage.rss() };
    } finally {
      atWork -= 1;
    }
  }

  /** Its answers stay here. */
  function heldGraph(graph: number): HeldGraph {
    const opened = sessions.get(graph);
    if (opened === undefined) throw new PilotlightError('RUNNER_STARTING');
    const { session, provider } = opened;
    // What an encoder needs is given back; a decoder needs little, and again for the next token.
    const isLarge = session.inputNames.length === 1;
    return {
      inputs: valuesOf(session.inputMetadata),
      outputs: valuesOf(session.outputMetadata),
      async run(feeds, outputs) {
        try {
          return await turns.take(() =>
            coded(async () => {
              if (sessions.get(graph) !== opened) throw new PilotlightError('RUNNER_STARTING');
              return runHeld(session, feeds, outputs, { shrink: isLarge && provider === 'cpu' });
            }),
          );
        } catch (error) {
          throw isPilotlightError(error) ? ofGraph(error, graph) : error;
        }
      },
    };
  }

  async function hear(
    { task, graphs }: SpeechParams,
    signal: AbortSignal,
    onStep: () => void,
  ): Promise<SpeechDone> {
    const [encoder, first, next] = graphs;
    speech ??= createSpeechWork({
      make: tensorMaker(await ort()),
      inTurn: (work) => turns.take(async () => work()),
    });
    const held = [heldGraph(encoder), heldGraph(first), heldGraph(next)] as const;
    const result = await speech.hear(task, held, { signal, onStep });
    return { result, rss: process.memoryUsage.rss() };
  }

  async function open({ graph, file, provider }: OpenParams) {
    const before = process.memoryUsage.rss();
    const session = await openSession(await ort(), file, { provider, threads, profile: null });
    const rss = process.memoryUsage.rss();
    const beside = provider === 'cpu' ? lanesFor(file, rss - before) : null;
    sessions.set(graph, { file, provider, session, lanes: beside });
    return {
      inputs: valuesOf(session.inputMetadata),
      outputs: valuesOf(session.outputMetadata),
      lanes: beside?.lanes.choice.count ?? 1,
      rss,
    };
  }

  return {
    configure(config) {
      threads = config.threads;
      lanes = lanesOf(threads);
      // While the door reads its models; a failure is reported by the calls that need it.
      ort().catch(() => {});
    },
    handlers: {
      describe: () =>
        coded(async () => {
          const library = await ort();
          const { node, common } = library.env.versions as { node?: string; common?: string };
          return { version: node ?? common ?? '', providers: installedProviders(library) };
        }),
      open: (params) => coded(() => open(params)),
      async run({ graph, feeds, reduce: reduction, size, urgent }) {
        const ran = await runInTurn(graph, { feeds, reduction, size, urgent });
        return { ...ran, rss: process.memoryUsage.rss() };
      },
      picture: (params, { signal }) => picture(params, signal),
      hear: (params, { signal, report }) => hear(params, signal, () => report('working')),
      async close({ graph }) {
        const opened = sessions.get(graph);
        sessions.delete(graph);
        lanes?.close(graph);
        pictureWork.close(graph);
        // After the runs that have begun with it.
        await turns.take(async () => opened?.session.release());
        return null;
      },
      trial: (params) => coded(() => trial(params)),
    },
  };
}

/** Of several graphs, it says which one is at fault. */
const ofGraph = (error: PilotlightError, graph: number): PilotlightError =>
  new PilotlightError(error.code, {
    ...(error.said === null ? {} : { message: error.said }),
    details: { ...error.details, graph },
    cause: error,
  });
