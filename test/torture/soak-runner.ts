/**
 * Requests to a runner without an end in sight: after the first thousand, its memory may not grow. 10,000 by default;
 * `npm run torture -- soak --scale 10` sends 100,000.
 */
import { createTally, type Part, times } from './part.ts';
import { openRunnerWorld } from './runner-world.ts';

const REQUESTS = 10_000;
const CLIENTS = 8;
/** By then the models, the caches and the compiled code are there. */
const WARM = 1000;
/** Memory is read once for so many requests. */
const EVERY = 50;
/** Of the readings of so many requests the smallest counts: garbage is collected every few thousand. */
const WINDOW = 4000;
/** Part of the memory after the first thousand. */
const MOST_GROWTH = 0.05;
const STEPS = 20;

export const soakRunner: Part = {
  name: 'soak-runner',
  summary: 'requests of all kinds to one runner, whose memory may not grow',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const world = await openRunnerWorld(folder, random);
    const restarts = await world.restarts();
    try {
      const all = Math.max(WARM + 2 * WINDOW, times(context, REQUESTS));
      const readings: { at: number; bytes: number }[] = [];
      let sent = 0;
      async function client(): Promise<void> {
        while (sent < all && !signal.aborted) {
          sent += 1;
          const at = sent;
          tried();
          const fault = await world.ask().catch(String);
          if (fault !== null) find('lost', 'a request', fault);
          if (at % EVERY === 0) readings.push({ at, bytes: await world.memory() });
          if (at % Math.ceil(all / STEPS) === 0)
            note(`${at} requests, ${megabytes(readings.at(-1)?.bytes ?? 0)} MB`);
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, client));
      signal.throwIfAborted();
      const lowest = (from: number, to: number) =>
        Math.min(...readings.filter(({ at }) => at > from && at <= to).map(({ bytes }) => bytes));
      const before = lowest(WARM, WARM + WINDOW);
      const after = lowest(all - WINDOW, all);
      const growth = after / before - 1;
      note(`${megabytes(before)} MB, at the end ${megabytes(after)} MB (${(growth * 100).toFixed(1)} %)`);
      // Not a number is a fault, too.
      if (!(growth <= MOST_GROWTH)) find('silent', `memory grew by ${(growth * 100).toFixed(1)} %`);
      if ((await world.restarts()) !== restarts) find('crashes', 'the inference process was replaced');
    } finally {
      await world.close();
    }
    return tally;
  },
};

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
