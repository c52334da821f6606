/** A thousand requests that wait for a sleeping machine, give a sign of life, and are all sent when it serves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SIGN_MS } from '../../electron/workers/gateway/waiting-room.ts';
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import { benchNode, startGateway, startLoad, startUpstream } from './gateway/doors.ts';
import type { HeldResult } from './gateway/load.ts';
import { longestBlock, rssOf } from './gateway/process-use.ts';
import { median, rounded } from './gateway/rounds.ts';

const ROUNDS = 3;
const REQUESTS = 1000;
const ARRIVE_MS = 3000;
const MIB = 1024 ** 2;

const holding = {
  rules: [],
  mayWake: ['chat' as const],
  queueLimit: REQUESTS,
  maxWaitMs: 60_000,
  contextRules: [],
};

export const benchmark: Benchmark = {
  name: 'hold-1000',
  async run({ signal, note }): Promise<BenchmarkResult[]> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'block');
    const upstream = stack.use(await startUpstream());
    const awake = benchNode('bench', upstream.port);
    const asleep = { ...awake, serving: false, loaded: [], canWake: true };
    const gateway = stack.use(await startGateway([asleep], { blocksFile: file, holding }));
    const load = stack.use(startLoad());
    const held: number[] = [];
    const released: number[] = [];
    const memory: number[] = [];
    let missing = 0;
    let silent = 0;
    for (let round = 0; round <= ROUNDS; round += 1) {
      note(`hold-1000: round ${round} of ${ROUNDS}`);
      signal.throwIfAborted();
      await longestBlock(gateway.pid, file, signal);
      const { port } = gateway;
      const ended = load.run<HeldResult>({ kind: 'held', port, count: REQUESTS, ms: ARRIVE_MS });
      ended.catch(() => {});
      await wait(ARRIVE_MS + SIGN_MS + 1000, undefined, { signal });
      memory.push(rssOf(gateway.pid) / MIB);
      const whileHeld = await longestBlock(gateway.pid, file, signal);
      await gateway.setNodes([awake]);
      const { completed, signed } = await ended;
      memory.push(rssOf(gateway.pid) / MIB);
      const whileSent = await longestBlock(gateway.pid, file, signal);
      note(
        `hold-1000: ${memory.slice(-2).map(Math.round).join(' and ')} MB, blocks of ${rounded(whileHeld, 1)} and ${rounded(whileSent, 1)} ms`,
      );
      // The first round compiles what the others run.
      if (round > 0) {
        held.push(whileHeld);
        released.push(whileSent);
      }
      missing += REQUESTS - completed;
      silent += REQUESTS - signed;
      await gateway.setNodes([asleep]);
    }
    return [
      atMost('hold-1000: memory of the gateway', rounded(Math.max(...memory), 1), 'MB', 200),
      atMost('hold-1000: longest block while they wait', rounded(median(held), 1), 'ms', 20),
      atMost('hold-1000: longest block when they are sent', rounded(median(released), 1), 'ms', 20),
      atMost('hold-1000: requests without a whole answer', missing, '', 0),
      atMost('hold-1000: requests without a sign of life', silent, '', 0),
      reported('hold-1000: longest block of all', rounded(Math.max(...held, ...released), 1), 'ms'),
    ];
  },
};
