/** The whole core with real agents: paired, looked at, listened to, lost and found again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { TelemetrySample } from '../../../shared/models/telemetry.ts';
import { startTestHost, type TestHost } from '../../contract/links.ts';
import { createFakeAgentHost, startTestAgent } from '../../fakes/agent-host.ts';

let test: TestHost;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-agents-'));
  test = await startTestHost();
  test.host.core.services.settings.update({ fleet: { lookIntervalMs: 1000 } });
});
afterAll(async () => {
  await test.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Until the stream of telemetry holds readings of this node. */
async function pushed(nodeId: string): Promise<void> {
  const arrived = Promise.withResolvers<void>();
  const { end } = test.host.core.streams.telemetry.subscribe(null, ({ set }) => {
    const [, sample] = set.find(([key]) => key === nodeId) ?? [];
    if ((sample as TelemetrySample | undefined)?.gpus.length) arrived.resolve();
    return true;
  });
  await arrived.promise;
  end();
}

it('pairs with one, sees its machine by it, loses it when it ends, and finds it again', async () => {
  const { fleet, agents, telemetry } = test.host.core.services;
  const signal = AbortSignal.timeout(50_000);
  const host = createFakeAgentHost();
  const config = { role: ['relay', 'power', 'telemetry'], port: 0 };
  const first = await startTestAgent({ host, config, folder });
  const { lines } = await first.openPairing();
  const paired = await agents.pair({ line: lines[0] }, signal);
  expect(paired).toMatchObject({ url: first.url, version: '1.2.3' });

  const reached = Promise.withResolvers<{ nodeId: string; bootId: string; fresh: boolean }>();
  const stopListening = agents.onReached((nodeId, contact) => reached.resolve({ nodeId, ...contact }));
  const { id, hasAgentToken } = fleet.add({ url: null, agentUrl: paired.url });
  expect(hasAgentToken).toBe(true);
  const measured = (node: NodeView) => node.gpus.length > 0;
  const node = await fleet.waitFor(id, measured, signal);
  expect(node).toMatchObject({
    state: 'gpu-verified',
    url: null,
    hasGpu: true,
    gpus: [{ name: 'RTX 4090' }],
    vram: { totalBytes: 24e9, source: 'tools' },
  });
  expect(node.gpus[0]).not.toHaveProperty('powerWatts');
  expect(telemetry.reading(id)).toMatchObject({
    gpus: [{ name: 'RTX 4090', powerWatts: 180, vramUsedBytes: 6e9 }],
    host: { memoryTotalBytes: 32e9 },
  });
  expect(await telemetry.latest(id, signal)).toMatchObject([{ nodeId: id, gpus: [{ powerWatts: 180 }] }]);
  expect(await reached.promise).toEqual({ nodeId: id, bootId: 'boot-1', fresh: true });
  stopListening();
  expect(agents.view(id)).toMatchObject({ state: 'ok', roles: ['relay', 'power', 'telemetry'] });
  const gpus = await telemetry.readGpus(id, signal);
  expect(gpus).toEqual([expect.objectContaining({ vramUsedBytes: 6e9 })]);

  await pushed(id);
  const port = Number(new URL(first.url).port);
  await first.stop();
  await fleet.waitFor(id, (seen) => seen.state === 'off', signal);
  expect(agents.view(id)).toMatchObject({ state: 'asleep', trouble: null });
  expect(telemetry.history(id).some((sample) => sample.gpus[0]?.powerWatts === 180)).toBe(true);

  host.facts = { ...host.facts, bootId: 'boot-2' };
  const again = Promise.withResolvers<{ bootId: string; fresh: boolean }>();
  agents.onReached((_nodeId, contact) => again.resolve(contact));
  await using second = await startTestAgent({ host, config: { ...config, port }, folder });
  await fleet.probe(id);
  expect(await again.promise).toEqual({ bootId: 'boot-2', fresh: true });
  expect(second.token).toBe(first.token);
  fleet.remove(id);
});

it('goes on without the token, and says so', async () => {
  const { fleet, agents } = test.host.core.services;
  await using agent = await startTestAgent();
  const { id } = fleet.add({ url: null, agentUrl: agent.url, agentToken: 'not-the-right-one' });
  const refused = Promise.withResolvers<void>();
  const stop = agents.onChange((nodeId) => {
    if (nodeId === id && agents.view(id)?.state === 'refused') refused.resolve();
  });
  await refused.promise;
  stop();
  expect(fleet.get(id)).toMatchObject({ state: 'serving', gpus: [] });
  expect(agents.view(id)?.trouble).toMatchObject({ code: 'AGENT_REFUSED' });
  fleet.remove(id);
});
