/** One of two nodes is killed under 64 embed clients: what fails, and how long nobody is answered. */
import { setTimeout as wait } from 'node:timers/promises';
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import { benchNode, startGateway, startLoad, startUpstream } from './gateway/doors.ts';
import type { SteadyResult } from './gateway/load.ts';
import { median } from './gateway/rounds.ts';

const ROUNDS = 5;
const CLIENTS = 64;
const MS = 4000;
const KILLED_AFTER_MS = 1500;

/** For the client that waited longest: milliseconds from the kill to its next good answer. */
function longestWait({ goodAt }: SteadyResult, killedAt: number): number {
  return Math.max(
    ...goodAt.map((times) => (times.find((time) => time > killedAt) ?? Number.POSITIVE_INFINITY) - killedAt),
  );
}

export const benchmark: Benchmark = {
  name: 'failover',
  async run({ signal, note }): Promise<BenchmarkResult[]> {
    let failed = 0;
    let good = 0;
    const waits: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      signal.throwIfAborted();
      await using stack = new AsyncDisposableStack();
      const first = stack.use(await startUpstream());
      const second = stack.use(await startUpstream());
      const gateway = stack.use(
        await startGateway([benchNode('first', first.port), benchNode('second', second.port)]),
      );
      const load = stack.use(startLoad());
      const ended = load.run<SteadyResult>({
        kind: 'steady',
        port: gateway.port,
        connections: CLIENTS,
        ms: MS,
      });
      ended.catch(() => {});
      await wait(KILLED_AFTER_MS);
      const killedAt = Date.now();
      (round % 2 === 0 ? first : second).kill();
      const result = await ended;
      failed += result.failed.length;
      good += result.goodAt.flat().length;
      waits.push(longestWait(result, killedAt));
      for (const { at, why } of result.failed.slice(0, 3)) note(`${at - killedAt} ms after the kill: ${why}`);
    }
    return [
      atMost('failover: failed requests', failed, '', 0),
      atMost('failover: time to the next good answer', Math.max(...waits), 'ms', 500),
      reported('failover: the same, median', median(waits), 'ms'),
      reported('failover: good answers', good, ''),
    ];
  },
};
