/** What the gateway adds to the time of a short request: one connection, embeds one after another. */
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import type { EmbedsResult } from './gateway/load.ts';
import { measureRounds, median, medianOf, rounded, withDoors } from './gateway/rounds.ts';

const ROUNDS = 9;
const MS = 2500;

export const benchmark: Benchmark = {
  name: 'gateway-latency',
  run: (context) =>
    withDoors(context, async (doors): Promise<BenchmarkResult[]> => {
      const measured = await measureRounds(context, doors, ROUNDS, ({ port }) =>
        doors.load.run<EmbedsResult>({ kind: 'embeds', port, connections: 1, ms: MS }),
      );
      const direct = measured.get('direct') ?? [];
      const added = (measured.get('gateway') ?? []).map(({ p50 }, round) => p50 - (direct[round]?.p50 ?? 0));
      return [
        atMost('gateway-latency: added, p50', rounded(median(added)), 'ms', 0.35),
        atMost('gateway-latency: p99', rounded(medianOf(measured, 'gateway', ({ p99 }) => p99)), 'ms', 2),
        ...doors.doors.flatMap(({ name }) => [
          reported(
            `gateway-latency: ${name}, p50`,
            rounded(medianOf(measured, name, ({ p50 }) => p50)),
            'ms',
          ),
          reported(
            `gateway-latency: ${name}, p99`,
            rounded(medianOf(measured, name, ({ p99 }) => p99)),
            'ms',
          ),
        ]),
      ];
    }),
};
