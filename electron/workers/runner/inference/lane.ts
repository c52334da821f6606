/** A thread of the inference process with graphs of its own, which it runs beside the other threads. */
import { parentPort } from 'node:worker_threads';
import { isPilotlightError, toWireError, type WireError } from '../../../../shared/contract/errors.ts';
import type { AnyMessage } from '../../../../shared/text/index.ts';
import type { Tensor } from '../sessions.ts';
import { toRunnerError } from './faults.ts';
import { loadOrt, openSession, type Session } from './onnxruntime.ts';
import type { Answers } from './protocol.ts';
import { type ReducedRun, runReduced } from './reduced-run.ts';

export type Tensors = Readonly<Record<string, Tensor>>;

/** Answered in the order in which they were sent; `close` is not answered. */
export type ToLane =
  | { kind: 'open'; graph: number; file: string; threads: number }
  /** `returned`: inputs whose memory is used again. */
  | { kind: 'run'; graph: number; feeds: Tensors; returned: string[]; options: ReducedRun }
  | { kind: 'close'; graph: number };

export type FromLane =
  | { kind: 'opened' }
  | { kind: 'ran'; answers: Answers; ms: number; returned: ArrayBuffer[] }
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

  async function run({
    graph,
    feeds,
    returned,
    options,
  }: Extract<ToLane, { kind: 'run' }>): Promise<FromLane> {
    const session = sessions.get(graph);
    if (session === undefined) throw new Error(`Graph ${graph} is not open.`);
    const startedAt = performance.now();
    const answers = await runReduced(await loadOrt(), session, feeds, options);
    const ms = performance.now() - startedAt;
    return { kind: 'ran', answers, ms, returned: returned.map((name) => bufferOf(feeds[name] as Tensor)) };
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
const buffersOf = ({ answers, returned }: Extract<FromLane, { kind: 'ran' }>): ArrayBuffer[] => [
  ...new Set([...Object.values(answers).map(bufferOf), ...returned]),
];
const bufferOf = ({ data }: Tensor): ArrayBuffer => data.buffer as ArrayBuffer;
