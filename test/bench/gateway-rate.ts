/** How many short requests a second come through: 16 connections, embeds one after another on each. */
import { atLeast, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import type { EmbedsResult } from './gateway/load.ts';
import { measureRounds, medianOf, ratioOf, rounded, withDoors } from './gateway/rounds.ts';

const ROUNDS = 9;
const MS = 3000;
/** Requests a second through Olla, of those through nginx; measured once, on a computer like this. */
const OLLA_OF_NGINX = 0.3;

const perSecond = ({ requests, seconds }: EmbedsResult) => requests / seconds;

export const benchmark: Benchmark = {
  name: 'gateway-rate',
  run: (context) =>
    withDoors(context, async (doors): Promise<BenchmarkResult[]> => {
      const measured = await measureRounds(context, doors, ROUNDS, ({ port }) =>
        doors.load.run<EmbedsResult>({ kind: 'embeds', port, connections: 16, ms: MS }),
      );
      const ofNginx = ratioOf(measured, 'gateway', 'nginx', perSecond);
      const hasNginx = doors.find('nginx') !== undefined;
      return [
        ...(hasNginx
          ? [
              atLeast('gateway-rate: of nginx', rounded(ofNginx), '×', 0.45),
              atLeast('gateway-rate: of Olla', rounded(ofNginx / OLLA_OF_NGINX), '×', 1.3),
            ]
          : []),
        ...doors.doors.map(({ name }) =>
          reported(`gateway-rate: ${name}`, Math.round(medianOf(measured, name, perSecond)), 'requests/s'),
        ),
      ];
    }),
};
