import { describe, expect, it } from 'vitest';
import { createIndexingService } from '../../../../electron/core/indexing/service.ts';
import { createFakeWorld, nodeView, untilEnded } from '../../../fakes/indexing.ts';
import type { MemorySecrets } from '../../../fakes/secrets.ts';

const tower = nodeView({ id: 'tower', hasGpu: true, state: 'gpu-verified' });
const wanted = { sourceIds: null, full: false, rebuild: false, useGpu: true };
const whole = 'http://user:pass@127.0.0.1:1/done?job=1';
const shown = 'http://127.0.0.1:1/done?job=1';

async function start() {
  const world = createFakeWorld({ nodes: [tower], files: { 'a.md': ['one text'] } });
  const service = createIndexingService(world.dependencies);
  await service.addSource({
    path: '/notes',
    name: 'Notes',
    embedder: { kind: 'builtin' },
    wake: false,
    whenGpuGone: 'use-cpu',
  });
  service.start();
  return { world, service, secrets: world.dependencies.secrets as MemorySecrets };
}

describe('a callback with a password in its address', () => {
  it('is called with it, shown and saved without it, and forgotten at the end', async () => {
    const { world, service, secrets } = await start();
    const job = service.startJob({ ...wanted, callbackUrl: whole });
    expect(job.callbackUrl).toBe(shown);
    expect([...secrets.values.values()]).toEqual([whole]);
    await untilEnded(world, () => service.job(job.id));
    await world.clock.flush();
    expect(world.requests.map(({ url }) => url)).toEqual([whole]);
    expect(secrets.values.size).toBe(0);
    const seen = JSON.stringify([world.dependencies.store.jobs.list(9), service.jobs(9), world.told]);
    expect(seen).not.toContain('pass');
  });

  it('survives a restart of the core before the job has ended', async () => {
    const { world, service, secrets } = await start();
    const job = service.startJob({ ...wanted, callbackUrl: whole });
    await service.stop();
    expect(secrets.values.size).toBe(1);
    const again = createIndexingService(world.dependencies);
    again.start();
    await untilEnded(world, () => again.job(job.id));
    await world.clock.flush();
    expect(world.requests.at(-1)?.url).toBe(whole);
    expect(secrets.values.size).toBe(0);
  });

  it('starts no job when it cannot be kept', async () => {
    const { service, secrets } = await start();
    secrets.failing = true;
    expect(() => service.startJob({ ...wanted, callbackUrl: whole })).toThrow(
      expect.objectContaining({ code: 'DISK_FULL' }),
    );
    expect(service.jobs(9)).toEqual([]);
  });

  it('without one is kept nowhere else', async () => {
    const { service, secrets } = await start();
    expect(service.startJob({ ...wanted, callbackUrl: shown }).callbackUrl).toBe(shown);
    expect(secrets.values.size).toBe(0);
  });
});
