/** An index job in a whole core: it wakes a machine, holds it at its agent, and lets it go. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { LeaseChange } from '../../../electron/core/leases/lease-ledger.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import { fleetEmbedder, machineSetups, notes, startRealWorld, untilJob } from '../../fakes/indexing-world.ts';

it('a job holds the machine that it woke, at its agent too, and no longer than it runs', async () => {
  const agentFolder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
  const agent = { roles: ['power', 'telemetry'] as const, folder: agentFolder };
  const setups = machineSetups({ tower: { initially: 'off', agent }, gpuTextsPerSecond: 60 });
  try {
    await using world = await startRealWorld(notes(60), setups);
    const { fleet, leases, shutdown, indexing, agents } = world.host.core.services;
    const tower = world.nodes.tower ?? '';
    const machine = world.fleet.machines.find(({ id }) => id === 'tower');
    fleet.update(tower, { agentUrl: machine?.agent?.url ?? '', agentToken: machine?.agent?.token ?? '' });
    const changes: LeaseChange[] = [];
    leases.ledger.onChange((nodeId, change) => {
      if (nodeId === tower) changes.push(change);
    });
    const seen: NodePower[] = [];
    const { power } = world.host.core.streams;
    const subscription = power.subscribe(null, () => {
      const entry = power.get(tower);
      if (entry) seen.push(entry);
      return true;
    });

    const request = { path: world.folder, name: 'Notes', embedder: fleetEmbedder, wake: true };
    await indexing.addSource({ ...request, whenGpuGone: 'wait' });
    const { id } = indexing.startJob({
      sourceIds: null,
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    const job = await untilJob(world.host, id, ({ endedAt }) => endedAt !== null);
    subscription.end();
    expect(job.status).toBe('completed');
    expect(changes[0]).toMatchObject({ began: { kind: 'job', purpose: 'indexing "Notes"' } });
    const [begun, over] = ['began', 'ended'].map((word) => changes.filter((change) => word in change).length);
    expect(over).toBe(begun);
    expect(leases.ledger.list()).toEqual([]);
    expect(seen.some(({ leases }) => leases[0]?.mirrored === true)).toBe(true);

    const signal = AbortSignal.timeout(50_000);
    const link = agents.link(tower);
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('Its leases never ended at the agent.')));
      const look = async () => {
        const [left, policy] = await Promise.all([link?.leases(signal), link?.policy(signal)]);
        if (left?.length === 0 && policy?.wokenInThisBoot === true) resolve();
      };
      agents.onChange(() => void look().catch(reject));
      void look().catch(reject);
    });
    expect(shutdown.get(tower)).toMatchObject({ means: 'agent', wokenByUs: true });
  } finally {
    rmSync(agentFolder, { recursive: true, force: true });
  }
});
