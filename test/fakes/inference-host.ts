/** A worker host whose inference processes are functions of the test. */

import type { WorkerExit, WorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import type { FromWorker, ToWorker } from '../../electron/adapters/processes/worker-protocol.ts';
import type {
  Answers,
  InferenceContract,
  PictureParams,
  RunParams,
  SpeechParams,
} from '../../electron/workers/runner/inference/protocol.ts';
import { PilotlightError, toWireError } from '../../shared/contract/errors.ts';
import type { RunnerProvider } from '../../shared/models/runner.ts';

/** What a run does: an answer, an error, `crash`, `killed` from outside, or `hang`. */
export type RunOutcome = Answers | Error | 'crash' | 'killed' | 'hang';

/** How many pixels its side has tells which one it is. */
export interface PictureFaces {
  width: number;
}

export interface FakeInference {
  host: WorkerHost;
  /** Decides each run, in order of arrival. */
  onRun(run: RunParams & { provider: RunnerProvider; process: number }): RunOutcome;
  /** Decides what becomes of each picture. Default: it has no faces. */
  onPicture(params: PictureParams): Exclude<RunOutcome, Answers> | PictureFaces;
  /** Decides what becomes of each window of speech. Default: it has no tokens. */
  onSpeech(params: SpeechParams): Exclude<RunOutcome, Answers> | { tokens: number[] };
  /** The process that was started last reports that its calls are getting on. */
  report(): void;
  /** Calls that were given up. */
  readonly cancelled: number[];
  /** `process provider` of each graph that was opened. */
  readonly opened: string[];
  /** Providers that were tried, in order. */
  readonly trials: RunnerProvider[];
  /** Processes that were started. */
  started(): number;
  /** Ends a process as a person would; default: the one that was started last. */
  kill(process?: number): void;
  /** Called with the file of each graph that is opened. */
  onOpen(file: string | Uint8Array): void;
  rss: number;
  /** Runs that may happen at the same time on the CPU. */
  lanes: number;
  /** Makes onnxruntime fail to load. */
  broken: PilotlightError | null;
}

export function createFakeInference(onRun: FakeInference['onRun']): FakeInference {
  let started = 0;
  let endCurrent: (exit: WorkerExit) => void = () => {};
  let reportCurrent = () => {};
  const ends = new Map<number, (exit: WorkerExit) => void>();
  const endOf = (process: number) => ends.get(process) ?? (() => {});
  const exitOf = (signal: string | null): WorkerExit => ({
    code: signal === null ? 134 : null,
    signal,
    stderrTail: '',
  });

  const fake: FakeInference = {
    onRun,
    onPicture: () => ({ width: 1 }),
    onSpeech: () => ({ tokens: [] }),
    report: () => reportCurrent(),
    cancelled: [],
    opened: [],
    trials: [],
    started: () => started,
    kill: (process) => (process === undefined ? endCurrent : endOf(process))(exitOf('SIGKILL')),
    onOpen() {},
    rss: 100,
    lanes: 1,
    broken: null,
    host: {
      start() {
        started += 1;
        const number = started;
        const providers = new Map<number, RunnerProvider>();
        let ended: WorkerExit | null = null;
        let listener: (message: unknown) => void = () => {};
        const calls: number[] = [];
        const exits: ((exit: WorkerExit) => void)[] = [];
        function end(exit: WorkerExit): void {
          if (ended !== null) return;
          ended = exit;
          for (const one of exits) one(exit);
        }
        endCurrent = end;
        ends.set(number, end);

        function tell(message: FromWorker<InferenceContract>): void {
          // As through a channel: later, and not any more once the process has ended.
          queueMicrotask(() => {
            if (ended === null) listener(message);
          });
        }
        function fail(id: number, error: Error): void {
          const said = error instanceof PilotlightError ? error.said : null;
          tell({ kind: 'error', id, error: toWireError(error), said, cause: null });
        }

        function receive(message: ToWorker<InferenceContract>): void {
          if (message.kind === 'cancel') fake.cancelled.push(message.id);
          if (message.kind !== 'call') return;
          const { id } = message;
          calls.push(id);
          reportCurrent = () => {
            for (const call of calls) tell({ kind: 'progress', id: call, progress: 'working' });
          };
          const answer = (value: unknown) => tell({ kind: 'result', id, value });
          if (message.method === 'describe') {
            if (fake.broken !== null) fail(id, fake.broken);
            else answer({ version: '1', providers: ['cpu', 'webgpu'] });
          } else if (message.method === 'open') {
            const { graph, provider, file } = message.params;
            fake.onOpen(file);
            providers.set(graph, provider);
            fake.opened.push(`${number} ${provider}`);
            answer({ inputs: [], outputs: [], lanes: provider === 'cpu' ? fake.lanes : 1, rss: fake.rss });
          } else if (message.method === 'run') {
            const provider = providers.get(message.params.graph) ?? 'cpu';
            settle(id, fake.onRun({ ...message.params, provider, process: number }));
          } else if (message.method === 'picture') {
            const outcome = fake.onPicture(message.params);
            if (typeof outcome === 'object' && 'width' in outcome)
              answer({ result: { width: outcome.width, height: 1, faces: [] }, ms: 1, rss: fake.rss });
            else settle(id, outcome);
          } else if (message.method === 'hear') {
            const outcome = fake.onSpeech(message.params);
            if (typeof outcome === 'object' && 'tokens' in outcome) {
              const about = { language: null, logprob: 0, noSpeech: 0, temperature: 0 };
              answer({ result: { ...outcome, ...about }, rss: fake.rss });
            } else settle(id, outcome);
          } else if (message.method === 'trial') {
            const { provider } = message.params;
            fake.trials.push(provider);
            // Other providers are right, and faster than the CPU.
            const y = { type: 'float32' as const, dims: [1], data: new Float32Array([1]) };
            answer({ ms: provider === 'cpu' ? 2 : 1, answers: { y }, share: 1 });
          } else answer(null);
        }

        function settle(id: number, outcome: RunOutcome): void {
          if (outcome === 'crash') end(exitOf(null));
          else if (outcome === 'killed') end(exitOf('SIGKILL'));
          else if (outcome instanceof Error) fail(id, outcome);
          else if (outcome !== 'hang')
            tell({ kind: 'result', id, value: { answers: outcome, ms: 1, beside: 1, rss: fake.rss } });
        }

        return {
          pid: number,
          send: (message) => receive(message as ToWorker<InferenceContract>),
          onMessage(given) {
            listener = given;
          },
          onExit(given) {
            if (ended !== null) given(ended);
            else exits.push(given);
          },
          kill: () => end(exitOf('SIGKILL')),
        };
      },
    },
  };
  return fake;
}
