/** Chats with a picture of 20 MB: the longest block of the gateway's event loop, which every other stream waits for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import { benchNode, startGateway, startLoad, startUpstream } from './gateway/doors.ts';
import type { PicturesResult } from './gateway/load.ts';
import { longestBlock } from './gateway/process-use.ts';
import { median, rounded } from './gateway/rounds.ts';

const BYTES = 20_000_000;
const ROUNDS = 7;
const CHATS = 4;

export const benchmark: Benchmark = {
  name: 'gateway-images',
  async run({ signal, note }): Promise<BenchmarkResult[]> {
    note(`gateway-images: ${ROUNDS} rounds of ${CHATS} chats`);
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'block');
    const upstream = stack.use(await startUpstream());
    const gateway = stack.use(await startGateway([benchNode('bench', upstream.port)], { blocksFile: file }));
    const load = stack.use(startLoad());
    const blocks: number[] = [];
    let refused = 0;
    for (let round = 0; round <= ROUNDS; round += 1) {
      await longestBlock(gateway.pid, file, signal);
      const { statuses } = await load.run<PicturesResult>({
        kind: 'pictures',
        port: gateway.port,
        bytes: BYTES,
        count: CHATS,
      });
      const longest = await longestBlock(gateway.pid, file, signal);
      // The first round compiles what the others run.
      if (round > 0) blocks.push(longest);
      refused += statuses.filter((status) => status !== 200).length;
    }
    return [
      // A process that loses the processor for a moment looks blocked too, so the median of the rounds counts.
      atMost('gateway-images: longest block of a round', rounded(median(blocks), 1), 'ms', 20),
      atMost('gateway-images: chats refused', refused, '', 0),
      reported('gateway-images: longest block of all', rounded(Math.max(...blocks), 1), 'ms'),
    ];
  },
};
