/**
 * The memory of the gateway's process under 256 streams at the pace of a reader, and how much it grows after the first
 * minute. `--minutes 10` measures for longer than the seven minutes that it takes by itself.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import { benchNode, startGateway, startLoad, startUpstream } from './gateway/doors.ts';
import type { StreamsResult } from './gateway/load.ts';
import { rssOf } from './gateway/process-use.ts';
import { median, rounded } from './gateway/rounds.ts';

const STREAMS = 256;
const PACE = 50;
const MINUTES = 7;
const SAMPLE_MS = 1000;
/** Samples that make one figure: memory rises and falls with each collection. */
const WINDOW = 20;

export const benchmark: Benchmark = {
  name: 'gateway-memory',
  async run({ signal, note, minutes }): Promise<BenchmarkResult[]> {
    const seconds = (minutes ?? MINUTES) * 60;
    note(`gateway-memory: ${STREAMS} streams for ${seconds / 60} minutes`);
    await using stack = new AsyncDisposableStack();
    const upstream = stack.use(await startUpstream());
    const gateway = stack.use(await startGateway([benchNode('bench', upstream.port)]));
    const load = stack.use(startLoad());
    const samples: number[] = [];
    const ended = load.run<StreamsResult>({
      kind: 'streams',
      port: gateway.port,
      count: STREAMS,
      tokens: seconds * PACE,
      pace: PACE,
    });
    ended.catch(() => {});
    while (samples.length < seconds) {
      signal.throwIfAborted();
      samples.push(rssOf(gateway.pid));
      if (samples.length % 60 === 0) note(`${Math.round((samples.at(-1) ?? 0) / 1e6)} MB`);
      await wait(SAMPLE_MS);
    }
    const { completed, tokens } = await ended;
    // Up to the end of the first minute, or of the first third of a run that is shorter than three minutes.
    const first = Math.min(60, Math.floor(seconds / 3));
    const early = median(samples.slice(Math.max(0, first - WINDOW), first));
    const late = median(samples.slice(-WINDOW));
    return [
      atMost('gateway-memory: RSS', Math.round(Math.max(...samples) / 1e6), 'MB', 160),
      atMost('gateway-memory: growth after the first minute', rounded((late / early - 1) * 100, 1), '%', 5),
      atMost('gateway-memory: streams that were not completed', STREAMS - completed, '', 0),
      reported('gateway-memory: tokens', tokens, ''),
    ];
  },
};
