/**
 * From the first healthy answer of a machine that boots to "serving" at the panel: a real core with its WebSocket, and
 * machines that wake by real packets in another process. Each has learned its usual boot time before.
 */

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isServing, type NodeView } from '../../shared/models/fleet.ts';
import { openLink, type StreamReader, startTestHost, type TestLink } from '../contract/links.ts';
import { spawn } from '../fakes/children.ts';
import { atMost, type Benchmark, type BenchmarkContext, reported } from './benchmark.ts';

const entry = fileURLToPath(new URL('wake-targets.ts', import.meta.url));
const MACHINES = 8;
const LEARNING_ROUNDS = 1;
const MEASURED_ROUNDS = 12;
const USUAL_BOOT_MS = 2000;
const GOAL_MS = 250;

interface Boot {
  index: number;
  readyAt: string;
  healthyAt: string;
}

const milliseconds = (from: string, to: bigint) => Number(to - BigInt(from)) / 1e6;

/** When the panel was told of each state of each node. */
function watchStates(frames: StreamReader) {
  const reached = new Map<string, { state: NodeView['state']; at: bigint }>();
  const waiting = new Set<() => void>();
  void frames.until((frame) => {
    for (const [key, value] of frame.set) {
      const { state } = value as NodeView;
      if (reached.get(key)?.state !== state) reached.set(key, { state, at: process.hrtime.bigint() });
    }
    for (const look of [...waiting]) look();
    return false;
  });
  return {
    async until(
      nodeId: string,
      fits: (state: NodeView['state']) => boolean,
      signal: AbortSignal,
    ): Promise<bigint> {
      for (;;) {
        const known = reached.get(nodeId);
        if (known && fits(known.state)) return known.at;
        await new Promise<void>((resolve, reject) => {
          const look = () => {
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      }
    },
  };
}

async function measure(
  link: TestLink,
  context: BenchmarkContext,
): Promise<{ fromAnswer: number[]; fromReady: number[] }> {
  const { signal, note } = context;
  const child = spawn(process.execPath, [entry, String(MACHINES), String(USUAL_BOOT_MS)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    signal,
  });
  child.on('error', () => {});
  const boots = new Map<number, (boot: Boot) => void>();
  try {
    const lines = createInterface({ input: child.stdout });
    const [first] = (await once(lines, 'line')) as [string];
    const { targets } = JSON.parse(first) as { targets: { url: string; destination: string }[] };
    lines.on('line', (line) => {
      const boot = JSON.parse(line) as Boot;
      boots.get(boot.index)?.(boot);
    });
    const frames = link.subscribe?.('fleet', null);
    if (!frames) throw new Error('The link has no streams.');
    const states = watchStates(frames);
    const nodes: NodeView[] = [];
    for (const [index, { url, destination }] of targets.entries()) {
      const mac = `02:00:00:00:00:${(index + 16).toString(16)}`;
      nodes.push((await link.call('fleet.add', { url, mac, wakeDestinations: [destination] })) as NodeView);
    }

    const fromAnswer: number[] = [];
    const fromReady: number[] = [];
    /** Each at its own moment, so that the panel is told of others all the time. */
    async function wakeOne(node: NodeView, index: number, measured: boolean): Promise<void> {
      await states.until(node.id, (state) => state === 'off', signal);
      const booted = new Promise<Boot>((resolve) => boots.set(index, resolve));
      await link.call('power.wake', { nodeId: node.id });
      const [{ healthyAt, readyAt }, seenAt] = await Promise.all([
        booted,
        states.until(node.id, isServing, signal),
      ]);
      if (measured) {
        fromAnswer.push(milliseconds(healthyAt, seenAt));
        fromReady.push(milliseconds(readyAt, seenAt));
      }
      child.stdin.write(`${index}\n`);
    }

    note(`wake-latency: ${MACHINES * MEASURED_ROUNDS} wakes of ${MACHINES} machines`);
    await Promise.all(
      nodes.map(async (node, index) => {
        for (let round = 0; round < LEARNING_ROUNDS + MEASURED_ROUNDS; round += 1) {
          await wakeOne(node, index, round >= LEARNING_ROUNDS);
        }
      }),
    );
    frames.cancel();
    return { fromAnswer, fromReady };
  } finally {
    child.kill();
  }
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((one, other) => one - other)[
    Math.min(values.length - 1, Math.ceil(values.length * share) - 1)
  ] ?? Number.NaN;
const rounded = (value: number) => Math.round(value * 10) / 10;

export const benchmark: Benchmark = {
  name: 'wake-latency',
  async run(context) {
    const host = await startTestHost();
    const link = await openLink('WebSocket', host);
    try {
      await link.call('settings.update', { fleet: { lookIntervalMs: 1000 } });
      const { fromAnswer, fromReady } = await measure(link, context);
      return [
        atMost(
          'wake-latency: first healthy answer → serving, p95',
          rounded(percentile(fromAnswer, 0.95)),
          'ms',
          GOAL_MS,
        ),
        reported('wake-latency: the same, longest', rounded(Math.max(...fromAnswer)), 'ms'),
        // Stricter: from the moment at which it could have answered.
        reported('wake-latency: server listens → serving, p95', rounded(percentile(fromReady, 0.95)), 'ms'),
      ];
    } finally {
      await link.close();
      await host.stop();
    }
  },
};
