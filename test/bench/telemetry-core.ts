/**
 * The core alone in a process of its own, with the agents named on its input. Prints one line with its share of one
 * processor core, its memory and the agents that it heard, after the warm-up.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLog } from '../../electron/adapters/system.ts';
import { createCore } from '../../electron/core/compose.ts';
import { newRecord } from '../../electron/core/fleet/records.ts';
import { createRealPorts } from '../../electron/host/ports.ts';
import { agentTokenSecret } from '../../shared/models/secrets.ts';

interface Order {
  agents: { url: string; token: string }[];
  warmUpMs: number;
  measureMs: number;
}

const order = JSON.parse(await text(process.stdin)) as Order;
const dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-'));
const { ports, attach, notices } = await createRealPorts({ dataFolder, log: createLog({ level: 'error' }) });
// As they lie there when it starts: adding a thousand one by one writes all secrets a thousand times.
const nodes = order.agents.map(({ url, token }, index) => {
  const record = newRecord({ url: null, agentUrl: url }, { id: `node_${index}`, now: Date.now() });
  ports.store.nodes.put(record);
  return { id: record.id, token };
});
ports.secrets.change(Object.fromEntries(nodes.map(({ id, token }) => [agentTokenSecret(id), token])));
const ids = nodes.map(({ id }) => id);
const core = createCore({ ports, options: { version: 'bench', ollamaHost: null, notices } });
const { agents, telemetry, settings, status } = core.services;
attach({ settings: settings.current, report: status.addNotice });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await core.start();
await pause(order.warmUpMs);

/** Agents of which a sample came in the last seconds. */
const heard = () => ids.filter((id) => agents.sample(id) !== null).length;
const heardBefore = heard();
const cpu = process.cpuUsage();
const from = performance.now();
await pause(order.measureMs);
const used = process.cpuUsage(cpu);
const elapsedMs = performance.now() - from;
const result = {
  cpuShare: (used.user + used.system) / 1000 / elapsedMs,
  rssBytes: process.memoryUsage.rss(),
  heard: Math.min(heardBefore, heard()),
  /** Samples of one node in its history: a reading that stays out of it is worth nothing. */
  kept: telemetry.history(ids[0] ?? '').filter((sample) => sample.gpus.length > 0).length,
};
await core.stop();
rmSync(dataFolder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
