/** 64 streams at the pace of a reader through the gateway of a headless core: what they cost the core's own process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawn } from '../fakes/children.ts';
import { atMost, type Benchmark, type BenchmarkResult, reported } from './benchmark.ts';
import { startLoad, startUpstream } from './gateway/doors.ts';
import type { StreamsResult } from './gateway/load.ts';
import { processorSecondsOf } from './gateway/process-use.ts';
import { median, rounded } from './gateway/rounds.ts';

const built = (file: string) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
const STREAMS = 64;
const PACE = 50;
const ROUNDS = 5;
const SECONDS = 20;
/** For what the core does after it started. */
const SETTLE_MS = 10_000;

/** As `npm start -- --headless` starts it, without a browser and with this computer's Ollama at `port`. */
async function startCore(dataFolder: string, port: number) {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--max-semi-space-size=8',
      built('headless/headless.mjs'),
      '--no-open',
      '--data',
      dataFolder,
      '--gateway-port',
      '0',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, OLLAMA_HOST: `127.0.0.1:${port}` } },
  );
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('Pilotlight is ready at ')) break;
  }
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The port at which programs find the gateway, once `status --json` names it and its table has the node. */
async function gatewayPort(dataFolder: string, signal: AbortSignal): Promise<number> {
  const args = [built('cli/cli.mjs'), 'status', '--json', '--data', dataFolder];
  for (;;) {
    signal.throwIfAborted();
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const { gateway } = JSON.parse((await text(child.stdout)).trim() || '{}') as {
      gateway?: { url?: string | null };
    };
    if (gateway?.url) {
      const tags = await fetch(`${gateway.url}/api/tags`).then((answer) => answer.text());
      if (tags.includes('bench:latest')) return Number(new URL(gateway.url).port);
    }
    await wait(250);
  }
}

export const benchmark: Benchmark = {
  name: 'gateway-core',
  async run({ signal, note }): Promise<BenchmarkResult[]> {
    note(`gateway-core: ${ROUNDS} rounds of ${SECONDS} s`);
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    const upstream = stack.use(await startUpstream());
    const core = stack.use(await startCore(join(folder, 'data'), upstream.port));
    const load = stack.use(startLoad());
    const limit = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
    const port = await gatewayPort(join(folder, 'data'), limit);
    await wait(SETTLE_MS);

    const share = async <Result>(work: () => Promise<Result>) => {
      const [from, began] = [processorSecondsOf(core.pid), performance.now()];
      const result = await work();
      const seconds = (performance.now() - began) / 1000;
      return { result, percent: ((processorSecondsOf(core.pid) - from) / seconds) * 100 };
    };
    const idle = await share(() => wait(SECONDS * 1000));
    const busy: number[] = [];
    let incomplete = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      signal.throwIfAborted();
      const { result, percent } = await share(() =>
        load.run<StreamsResult>({
          kind: 'streams',
          port,
          count: STREAMS,
          tokens: SECONDS * PACE,
          pace: PACE,
        }),
      );
      busy.push(percent);
      incomplete += STREAMS - result.completed;
    }
    return [
      atMost('gateway-core: processor of the core', rounded(median(busy), 2), '% of a core', 2),
      atMost('gateway-core: streams that were not completed', incomplete, '', 0),
      reported('gateway-core: the same without a stream', rounded(idle.percent, 2), '% of a core'),
    ];
  },
};
