/**
 * From the first healthy answer of a machine that boots to the request that waited for it: a real core, its gateway's
 * process, and machines that wake by real packets in another process.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NodeView } from '../../shared/models/fleet.ts';
import { startTestHost } from '../contract/links.ts';
import { spawn } from '../fakes/children.ts';
import { atMost, type Benchmark, type BenchmarkContext, reported } from './benchmark.ts';
import { percentile, rounded } from './gateway/rounds.ts';

const entry = fileURLToPath(new URL('wake-targets.ts', import.meta.url));
const MACHINES = 8;
const ROUNDS = 12;
const USUAL_BOOT_MS = 2000;
const GOAL_MS = 250;

type Line = { index: number; healthyAt: string } | { index: number; askedAt: string };

async function measure({ signal, note }: BenchmarkContext): Promise<{ waits: number[]; refused: number }> {
  await using stack = new AsyncDisposableStack();
  const test = await startTestHost({ gateway: { port: 0 } });
  stack.defer(() => test.stop());
  const { services } = test.host.core;
  services.settings.update({ fleet: { lookIntervalMs: 1000 } });
  const { url } = await test.host.openGateway();
  const child = spawn(process.execPath, [entry, String(MACHINES), String(USUAL_BOOT_MS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal,
  });
  child.on('error', () => {});
  stack.defer(() => void child.kill());
  const lines = createInterface({ input: child.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const { targets } = JSON.parse(first) as { targets: { url: string; destination: string }[] };
  const healthyAt = new Map<number, bigint>();
  const waits: number[] = [];
  lines.on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if ('healthyAt' in line) healthyAt.set(line.index, BigInt(line.healthyAt));
    const began = healthyAt.get(line.index);
    if ('askedAt' in line && began !== undefined) waits.push(Number(BigInt(line.askedAt) - began) / 1e6);
  });
  const nodes = targets.map(({ url: address, destination }, index) =>
    services.fleet.add({
      url: address,
      mac: `02:00:00:00:00:${(index + 16).toString(16)}`,
      wakeDestinations: [destination],
    }),
  );
  const until = (id: string, fits: (node: NodeView) => boolean) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      const check = () => {
        const node = services.fleet.get(id);
        if (node === null || !fits(node)) return;
        stop();
        resolve();
      };
      const stop = services.fleet.onChange(check);
      check();
    });

  // A core knows the models of a machine that it has seen awake once.
  note(`hold: ${MACHINES} machines, ${ROUNDS} requests for each`);
  await Promise.all(
    nodes.map(async ({ id }, index) => {
      await until(id, ({ state }) => state === 'off');
      await services.wake.wake(id);
      await until(id, ({ installed }) => installed.length > 0);
      child.stdin.write(`${index}\n`);
    }),
  );
  let refused = 0;
  await Promise.all(
    nodes.map(async ({ id }, index) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await until(id, ({ state }) => state === 'off');
        const body = JSON.stringify({ model: `bench-${index}`, prompt: 'Hi', stream: false });
        const answer = await fetch(`${url}/api/generate`, { method: 'POST', body, signal });
        const text = await answer.text();
        if (answer.status !== 200) {
          refused += 1;
          note(`${answer.status} ${text.slice(0, 200)}`);
        }
        child.stdin.write(`${index}\n`);
      }
    }),
  );
  return { waits, refused };
}

export const benchmark: Benchmark = {
  name: 'hold',
  async run(context) {
    const { waits, refused } = await measure(context);
    const sorted = waits.toSorted((one, other) => one - other);
    return [
      atMost(
        'hold: first healthy answer → request forwarded, p95',
        rounded(percentile(sorted, 0.95), 1),
        'ms',
        GOAL_MS,
      ),
      atMost('hold: requests refused', refused, '', 0),
      reported('hold: the same, median', rounded(percentile(sorted, 0.5), 1), 'ms'),
      reported('hold: the same, longest', rounded(Math.max(...sorted), 1), 'ms'),
    ];
  },
};
