/**
 * The core alone in a process of its own, watching the nodes named on its input. Prints one line with its
 * share of one processor core and its memory, after the warm-up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLog } from '../../electron/adapters/system.ts';
import { createCore } from '../../electron/core/compose.ts';
import { createRealPorts } from '../../electron/host/ports.ts';
import { isServing } from '../../shared/models/fleet.ts';

interface Order {
  urls: string[];
  warmUpMs: number;
  measureMs: number;
}

const order = JSON.parse(await text(process.stdin)) as Order;
const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
const { ports, attach, notices } = await createRealPorts({ dataFolder, log: createLog({ level: 'error' }) });
const core = createCore({ ports, options: { version: 'bench', ollamaHost: null, notices } });
attach({
  settings: core.services.settings.current,
  report: core.report,
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await core.start();
for (const url of order.urls) core.services.fleet.add({ url });
await pause(order.warmUpMs);

const serving = () => core.services.fleet.list().filter((node) => isServing(node.state)).length;
const servingBefore = serving();
const cpu = process.cpuUsage();
const from = performance.now();
await pause(order.measureMs);
const used = process.cpuUsage(cpu);
const elapsedMs = performance.now() - from;
const result = {
  cpuShare: (used.user + used.system) / 1000 / elapsedMs,
  rssBytes: process.memoryUsage.rss(),
  serving: Math.min(servingBefore, serving()),
};
await core.stop();
rmSync(dataFolder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
