/** The inference process: opens graphs and runs them, one after the other. A run blocks it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Handlers } from '../../rpc.ts';
import { toRunnerError } from './faults.ts';
import {
  compiledProviders,
  loadOrt,
  type Ort,
  openSession,
  runSession,
  type Session,
  valuesOf,
} from './onnxruntime.ts';
import { shareOf } from './profile.ts';
import type { InferenceContract, TrialParams, TrialResult } from './protocol.ts';
import { reduce } from './reduce.ts';

export interface InferenceProgram {
  readonly handlers: Handlers<InferenceContract>;
  configure(config: InferenceContract['config']): void;
}

/** A provider that is slow has shown it after so long. */
const TRIAL_MS = 3000;

export function createInference(load: () => Promise<Ort> = loadOrt): InferenceProgram {
  const sessions = new Map<number, Session>();
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
      const answers = await runSession(library, session, feeds, false);
      session.endProfiling();
      const [profile] = readdirSync(folder);
      const share =
        profile === undefined ? null : shareOf(readFileSync(join(folder, profile), 'utf8'), provider);
      let ms = Number.POSITIVE_INFINITY;
      const enough = performance.now() + TRIAL_MS;
      for (let run = 0; run < times && (run === 0 || performance.now() < enough); run += 1) {
        const startedAt = performance.now();
        await runSession(library, session, feeds, false);
        ms = Math.min(ms, performance.now() - startedAt);
      }
      await session.release();
      return { ms, answers, share };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
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
          return { version: node ?? common ?? '', providers: compiledProviders(library) };
        }),
      open: ({ graph, file, provider }) =>
        coded(async () => {
          const session = await openSession(await ort(), file, { provider, threads, profile: null });
          sessions.set(graph, session);
          return {
            inputs: valuesOf(session.inputMetadata),
            outputs: valuesOf(session.outputMetadata),
            rss: process.memoryUsage.rss(),
          };
        }),
      run: ({ graph, feeds, reduce: reduction, shrink }) =>
        coded(async () => {
          const session = sessions.get(graph);
          if (session === undefined) throw new PilotlightError('RUNNER_STARTING');
          const startedAt = performance.now();
          const answers = await runSession(await ort(), session, feeds, shrink);
          const ms = performance.now() - startedAt;
          if (reduction !== null) {
            const { output } = reduction;
            const answer = answers[output];
            if (answer === undefined) throw new Error(`There is no output ${output}.`);
            const reduced = { [output]: reduce(answer, reduction) };
            return { answers: reduced, ms, rss: process.memoryUsage.rss() };
          }
          return { answers, ms, rss: process.memoryUsage.rss() };
        }),
      async close({ graph }) {
        const session = sessions.get(graph);
        sessions.delete(graph);
        await session?.release();
        return null;
      },
      trial: (params) => coded(() => trial(params)),
    },
  };
}
