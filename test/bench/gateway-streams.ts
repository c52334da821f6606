/** 64 streams at once: at full speed, and as fast as people read them; and how long the first token takes. */
import { atLeast, atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import type { Door } from './gateway/doors.ts';
import type { StreamsResult } from './gateway/load.ts';
import { measureRounds, median, medianOf, ratioOf, rounded, withDoors } from './gateway/rounds.ts';
import { percentile } from './index-workplace.ts';

const STREAMS = 64;
const FULL_ROUNDS = 5;
const FULL_MS = 3000;
const PACED_ROUNDS = 5;
const PACE = 50;
const PACED_SECONDS = 4;

const perSecond = ({ tokens, seconds }: StreamsResult) => tokens / seconds;

export const benchmark: Benchmark = {
  name: 'gateway-streams',
  run: (context) =>
    withDoors(context, async (doors): Promise<BenchmarkResult[]> => {
      const { load } = doors;
      const full = await measureRounds(context, doors, FULL_ROUNDS, ({ port }) =>
        load.run<StreamsResult>({
          kind: 'streams',
          port,
          count: STREAMS,
          tokens: 1e9,
          pace: 0,
          ms: FULL_MS,
        }),
      );
      const paced = await measureRounds(context, doors, PACED_ROUNDS, ({ port }) =>
        load.run<StreamsResult>({
          kind: 'streams',
          port,
          count: STREAMS,
          tokens: PACE * PACED_SECONDS,
          pace: PACE,
        }),
      );
      const firstP99 = (name: Door['name']) =>
        rounded(median((paced.get(name) ?? []).map(({ firstMs }) => percentile(firstMs, 0.99))), 1);
      const incomplete = (paced.get('gateway') ?? []).filter(({ completed }) => completed < STREAMS).length;
      return [
        ...(doors.find('nginx') === undefined
          ? []
          : [
              atLeast(
                'gateway-streams: at full speed, of nginx',
                rounded(ratioOf(full, 'gateway', 'nginx', perSecond)),
                '×',
                0.7,
              ),
            ]),
        atLeast(
          'gateway-streams: paced, of direct',
          rounded(ratioOf(paced, 'gateway', 'direct', perSecond)),
          '×',
          0.98,
        ),
        atMost('gateway-streams: first token, p99', firstP99('gateway'), 'ms', 40),
        atMost('gateway-streams: rounds with a stream that was not completed', incomplete, '', 0),
        ...doors.doors.flatMap(({ name }) => [
          reported(
            `gateway-streams: ${name}, at full speed`,
            Math.round(medianOf(full, name, perSecond)),
            'tokens/s',
          ),
          reported(
            `gateway-streams: ${name}, paced`,
            Math.round(medianOf(paced, name, perSecond)),
            'tokens/s',
          ),
          reported(`gateway-streams: ${name}, first token, p99`, firstP99(name), 'ms'),
        ]),
      ];
    }),
};
