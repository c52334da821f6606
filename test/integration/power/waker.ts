/**
 * A core in a process of its own, for a network namespace: adds the nodes that its argument names, wakes the last one,
 * prints what became of that as one line, and ends with its input.
 */
import { once } from 'node:events';
import { createLog } from '../../../electron/adapters/system.ts';
import { createCore } from '../../../electron/core/compose.ts';
import type { NodeInput } from '../../../electron/core/fleet/records.ts';
import { createRealPorts } from '../../../electron/host/ports.ts';

interface Order {
  dataFolder: string;
  nodes: NodeInput[];
  /** Lets the last node be woken by the agent of the first one. */
  byAgent: boolean;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const { ports, attach } = await createRealPorts({
  dataFolder: order.dataFolder,
  log: createLog({ level: 'error' }),
});
const core = createCore({ ports, options: { version: 'test', ollamaHost: null } });
const { fleet, settings, status } = core.services;
attach({ settings: settings.current, report: status.addNotice });
await core.start();

const added = order.nodes.map((node, index) =>
  fleet.add({
    ...node,
    ...(order.byAgent && index > 0
      ? { wakeWays: [{ kind: 'agent', nodeId: fleet.list().at(-1)?.id ?? '' }] }
      : {}),
  }),
);
const target = added.at(-1);
if (!target) throw new Error('No node to wake.');
try {
  await core.services.wake.wake(target.id);
  console.log(JSON.stringify({ wake: core.services.wake.progress(target.id) }));
} catch (error) {
  console.log(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
}
await once(process.stdin.resume(), 'end');
await core.stop();
process.exit(0);
