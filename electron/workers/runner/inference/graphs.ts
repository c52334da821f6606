/** The inference process: opens graphs and runs them, one after the other. A run blocks it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import type { Handlers } from '../../rpc.ts';
import { CANDIDATES, candidatesOf, outputsOf } from '../faces/candidates.ts';
import { withPooling } from '../onnx/pooling.ts';
import type { CandidateReduction, Reduction, VectorReduction } from '../sessions.ts';
import { toRunnerError } from './faults.ts';
import {
  installedProviders,
  loadOrt,
  type Ort,
  openSession,
  runSession,
  type Session,
  valuesOf,
} from './onnxruntime.ts';
import { shareOf } from './profile.ts';
import type { Answers, Feeds, InferenceContract, RunResult, TrialParams, TrialResult } from './protocol.ts';
import { reduce } from './reduce.ts';
import { createTurns } from './turns.ts';

export interface InferenceProgram {
  readonly handlers: Handlers<InferenceContract>;
  configure(config: InferenceContract['config']): void;
}

interface OpenGraph {
  file: string | Uint8Array;
  provider: RunnerProvider;
  session: Session;
  /** The added output of a session that pools by itself; null if it does not, undefined before that was tried. */
  pooled?: string | null;
}
/** A provider that is slow has shown it after so long. */
const TRIAL_MS = 3000;

export function createInference(load: () => Promise<Ort> = loadOrt): InferenceProgram {
  const sessions = new Map<number, OpenGraph>();
  const turns = createTurns();
  let threads: number | null = null;
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

  async function vectors(
    graph: OpenGraph,
    feeds: Feeds,
    { reduction, shrink }: { reduction: VectorReduction; shrink: boolean },
  ): Promise<Answers> {
    if (graph.pooled === undefined) await poolInGraph(graph, reduction);
    const { output } = reduction;
    const from = graph.pooled ?? output;
    const answers = await runSession(await ort(), graph.session, feeds, { shrink, outputs: [from] });
    const answer = answers[from];
    if (answer === undefined) throw new Error(`There is no output ${from}.`);
    return {
      [output]: reduce(answer, graph.pooled === null ? reduction : { ...reduction, pooling: 'none' }),
    };
  }

  async function candidates(
    { session }: OpenGraph,
    feeds: Feeds,
    { reduction, shrink }: { reduction: CandidateReduction; shrink: boolean },
  ): Promise<Answers> {
    const outputs = outputsOf(reduction.layout);
    const answers = await runSession(await ort(), session, feeds, { shrink, outputs });
    return { [CANDIDATES]: candidatesOf(answers, reduction) };
  }

  async function answersOf(
    graph: OpenGraph,
    feeds: Feeds,
    { reduction, shrink }: { reduction: Reduction | null; shrink: boolean },
  ): Promise<Answers> {
    if (reduction === null) return runSession(await ort(), graph.session, feeds, { shrink });
    return reduction.kind === 'vectors'
      ? vectors(graph, feeds, { reduction, shrink })
      : candidates(graph, feeds, { reduction, shrink });
  }

  async function run(
    graph: number,
    feeds: Feeds,
    options: { reduction: Reduction | null; shrink: boolean },
  ): Promise<RunResult> {
    const opened = sessions.get(graph);
    if (opened === undefined) throw new PilotlightError('RUNNER_STARTING');
    const startedAt = performance.now();
    const answers = await answersOf(opened, feeds, options);
    return { answers, ms: performance.now() - startedAt, rss: process.memoryUsage.rss() };
  }

  return {
    configure(config) {
      threads = config.threads;
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
      open: ({ graph, file, provider }) =>
        coded(async () => {
          const session = await openSession(await ort(), file, { provider, threads, profile: null });
          sessions.set(graph, { file, provider, session });
          return {
            inputs: valuesOf(session.inputMetadata),
            outputs: valuesOf(session.outputMetadata),
            rss: process.memoryUsage.rss(),
          };
        }),
      run: ({ graph, feeds, reduce: reduction, shrink, urgent }) =>
        turns.take(() => coded(() => run(graph, feeds, { reduction, shrink })), { urgent }),
      async close({ graph }) {
        const opened = sessions.get(graph);
        sessions.delete(graph);
        // After the runs that have begun with it.
        await turns.take(async () => opened?.session.release());
        return null;
      },
      trial: (params) => coded(() => trial(params)),
    },
  };
}
