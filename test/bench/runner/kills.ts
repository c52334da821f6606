/** Kills the inference process of a runner while clients ask it for vectors and faces, and times what comes next. */
import { setTimeout as wait } from 'node:timers/promises';

export interface KillTimes {
  /** From each kill to the answer of a query that is sent right after it, milliseconds. */
  first: number[];
  /** From each kill to the first answer of a request that it cut off. */
  firstCutOff: number[];
  /** From each kill until all requests that it cut off are answered. */
  all: number[];
  answered: number;
}

export interface KillOptions {
  kills: number;
  /** What each client asks, again and again. */
  clients: readonly (() => Promise<unknown>)[];
  /** The query. */
  query(): Promise<unknown>;
  /** The inference process that runs now; undefined between two. */
  pid(): number | undefined;
  /** Between two kills: at once is 0. */
  restMs: number;
  signal: AbortSignal;
}

/** Rejects if a request is lost. */
export async function killUnderLoad(options: KillOptions): Promise<KillTimes> {
  const { kills, clients, query, pid, restMs, signal } = options;
  const times: KillTimes = { first: [], firstCutOff: [], all: [], answered: 0 };
  const current = new Set<Promise<unknown>>();
  let isOver = false;
  async function repeat(one: () => Promise<unknown>): Promise<void> {
    while (!isOver) {
      const asked = one();
      current.add(asked);
      await asked.finally(() => current.delete(asked));
      times.answered += 1;
    }
  }
  const running = Promise.all(clients.map(repeat));
  const failed = running.then(() => {});
  failed.catch(() => {});
  const orFailed = <Value>(work: Promise<Value>) => Promise.race([work, failed.then((): never => never())]);
  try {
    await orFailed(Promise.all(current));
    while (times.first.length < kills) {
      signal.throwIfAborted();
      await orFailed(wait(restMs, undefined, { signal }));
      const child = pid();
      if (child === undefined) continue;
      const cutOff = [...current];
      const at = performance.now();
      process.kill(child, 'SIGKILL');
      const [first] = await orFailed(
        Promise.all([
          query().then(() => performance.now() - at),
          Promise.race(cutOff).then(() => times.firstCutOff.push(performance.now() - at)),
          Promise.all(cutOff).then(() => times.all.push(performance.now() - at)),
        ]),
      );
      times.first.push(first);
    }
  } finally {
    isOver = true;
  }
  await running;
  return times;
}

function never(): never {
  throw new Error('The clients ended.');
}
