/** SIGKILLs of the runner's inference process under load: every request is still answered. */
import { createTally, type Part, times } from './part.ts';
import { openRunnerWorld } from './runner-world.ts';

const KILLS = 50;
const CLIENTS = 8;
/** Requests that are answered between two kills. */
const BETWEEN = 20;
const BACK_MS = 60_000;

export const killInference: Part = {
  name: 'kill-inference',
  summary: 'SIGKILLs of the inference process while clients ask',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const world = await openRunnerWorld(folder, random);
    let answered = 0;
    let isOver = false;
    let waiting: { count: number; resolve(): void } | null = null;

    async function client(): Promise<void> {
      while (!isOver) {
        const fault = await world.ask().catch(String);
        if (fault !== null) find('lost', 'a request of a killed process', fault);
        answered += 1;
        if (waiting !== null && answered >= waiting.count) waiting.resolve();
      }
    }
    /** False if it takes too long. */
    async function inTime(work: Promise<unknown>): Promise<boolean> {
      const late = AbortSignal.any([signal, AbortSignal.timeout(BACK_MS)]);
      return Promise.race([
        work.then(() => true),
        new Promise<boolean>((settle) => late.addEventListener('abort', () => settle(false), { once: true })),
      ]);
    }
    function untilAnswered(more: number): Promise<boolean> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { count: answered + more, resolve };
      return inTime(promise);
    }

    const clients = Array.from({ length: CLIENTS }, client);
    try {
      const kills = times(context, KILLS);
      for (let made = 0; made < kills; ) {
        signal.throwIfAborted();
        const [child] = world.children();
        if (child !== undefined) {
          process.kill(child, 'SIGKILL');
          made += 1;
          tried();
        }
        if (!(await untilAnswered(CLIENTS + BETWEEN))) {
          find('hangs', 'no answers after a kill');
          break;
        }
      }
      note(`${answered} requests answered`);
    } finally {
      isOver = true;
      await inTime(Promise.all(clients));
      await world.close();
    }
    return tally;
  },
};
