/** A thread of the inference process with graphs of its own, which it runs beside the other threads. */
import { parentPort } from 'node:worker_threads';
import { isPilotlightError, toWireError, type WireError } from '../../../../shared/contract/errors.ts';
import type { AnyMessage } from '../../../../shared/text/index.ts';
import { toRunnerError } from './faults.ts';
import { loadOrt, openSession, type Session } from './onnxruntime.ts';
import type { Answers, Feeds } from './protocol.ts';
import { type ReducedRun, runReduced } from './reduced-run.ts';

/** Answered in the order in which they were sent; `close` is not answered. */
export type ToLane =
  | { kind: 'open'; graph: number; file: string; threads: number }
  /** Pictures lie in shared memory, and are only read. */
  | { kind: 'run'; graph: number; feeds: Feeds; options: ReducedRun }
  | { kind: 'close'; graph: number };

export type FromLane =
  | { kind: 'opened' }
  | { kind: 'ran'; answers: Answers; ms: number }
  | { kind: 'failed'; error: WireError; said: AnyMessage | null };

export function runLane(): void {
  const port = parentPort;
  if (port === null) throw new Error('A lane is a thread.');
  const sessions = new Map<number, Session>();

  async function open({ graph, file, threads }: Extract<ToLane, { kind: 'open' }>): Promise<FromLane> {
    const session = await openSession(await loadOrt(), file, { provider: 'cpu', threads, profile: null });
    sessions.set(graph, session);
    return { kind: 'opened' };
  }

  async function run({ graph, feeds, options }: Extract<ToLane, { kind: 'run' }>): Promise<FromLane> {
    const session = sessions.get(graph);
    if (session === undefined) throw new Error(`Graph ${graph} is not open.`);
    const startedAt = performance.now();
    const answers = await runReduced(await loadOrt(), session, feeds, options);
    const ms = performance.now() - startedAt;
    return { kind: 'ran', answers, ms };
  }

  async function answer(message: ToLane): Promise<void> {
    try {
      if (message.kind === 'close') {
        const session = sessions.get(message.graph);
        sessions.delete(message.graph);
        await session?.release();
      } else post(message.kind === 'open' ? await open(message) : await run(message));
    } catch (error) {
      if (message.kind === 'close') return;
      const coded = isPilotlightError(error) ? error : toRunnerError(error);
      post({ kind: 'failed', error: toWireError(coded), said: coded.said });
    }
  }

  const post = (message: FromLane) =>
    port.postMessage(message, message.kind === 'ran' ? buffersOf(message) : []);

  let last = Promise.resolve();
  port.on('message', (message: ToLane) => {
    last = last.then(() => answer(message));
  });
}

/** They are handed over, not copied. An output that onnxruntime made lies in memory of its own. */
const buffersOf = ({ answers }: Extract<FromLane, { kind: 'ran' }>): ArrayBuffer[] => [
  ...new Set(Object.values(answers).map(({ data }) => data.buffer as ArrayBuffer)),
];
