import { expect, it } from 'vitest';
import type { Check } from '../../../shared/models/checks.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import type { TaskQueueWarning } from '../../../shared/models/tasks.ts';
import { startTestHost } from '../../contract/links.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { machineSetups, notes, startRealWorld } from '../../fakes/indexing-world.ts';
import { findRedisServer, startRedisServer } from '../../fakes/redis-server.ts';

type WarnedCheck = Check & { warnings: TaskQueueWarning[] };

const stepOf = (check: Check, id: string) => check.steps.find((step) => step.id === id);

it('`doctor` checks a node step by step, wakes nothing, and shows the fix', async () => {
  await using world = await startRealWorld(notes(1), machineSetups({ tower: { initially: 'off' } }));
  const there = (...args: string[]) => runCli('cli', [...args, '--data', world.dataFolder]);

  const asleep = await there('doctor', 'tower', '--json');
  expect(asleep.code).toBe(1);
  const check = jsonOf(asleep) as Check;
  expect(check).toMatchObject({ kind: 'diagnosis', outcome: 'fail' });
  expect(stepOf(check, 'ways')).toMatchObject({ state: 'pass' });
  expect(stepOf(check, 'host')).toMatchObject({
    state: 'fail',
    seen: { code: 'HOST_SILENT' },
    fix: { code: 'WAKE_IT_OR_CHECK_CABLE' },
  });
  expect(stepOf(check, 'server')).toMatchObject({ state: 'not-applicable' });
  expect(check.steps.filter(({ state }) => state === 'waiting' || state === 'running')).toEqual([]);
  // The machine is still asleep.
  expect(jsonOf(await there('nodes', '--json'))).toContainEqual(
    expect.objectContaining({ name: 'tower', state: 'off' }),
  );

  const shown = await there('doctor', 'tower');
  expect(shown.code).toBe(1);
  expect(shown.out).toMatch(
    / 5 {2}✗ The machine answers\n {6}Nothing answers at .+\n {6}Fix: It may be asleep or off/,
  );

  expect((await there('wake', 'tower')).code).toBe(0);
  const awake = await there('doctor', 'tower');
  expect(awake).toMatchObject({ code: 0, err: '' });
  expect(awake.out).toMatch(/ 7 {2}✓ Ollama answers\n {6}Ollama \S+ answers, in /);
  expect(awake.out).toMatch(/\ntower: \d+ passed, 0 failed, \d+ not applicable\.\n$/);

  expect(await there('doctor', 'nobody')).toMatchObject({ code: 1 });
});

it('`doctor --rehearse` puts a machine to sleep, wakes it, and learns its boot time', async () => {
  const world = await startTestHost({ simulate: true });
  try {
    const { fleet } = world.host.core.services;
    await fleet.waitFor('lab-2', (node) => isServing(node.state), AbortSignal.timeout(50_000));
    const there = (...args: string[]) => runCli('cli', [...args, '--data', world.host.dataFolder]);

    const lease = await there('keep-awake', 'lab-2', '--purpose', 'a game', '--json');
    const refused = await there('doctor', 'lab-2', '--rehearse', '--json');
    expect(refused.code).toBe(1);
    expect(stepOf(jsonOf(refused) as Check, 'ready')).toMatchObject({
      state: 'fail',
      seen: { code: 'IN_USE_BECAUSE', params: { reasons: [{ params: { purpose: 'a game' } }] } },
      fix: { code: 'RELEASE_OR_WAIT' },
    });
    expect(fleet.require('lab-2').state).not.toBe('off');
    expect((await there('release', 'lab-2', (jsonOf(lease) as { id: string }).id)).code).toBe(0);

    const done = await there('doctor', 'lab-2', '--rehearse', '--json');
    const check = jsonOf(done) as Check;
    expect(check.steps.filter(({ state }) => state === 'fail')).toEqual([]);
    for (const id of ['ready', 'sleep', 'gone', 'wake', 'serves', 'learned'])
      expect([id, stepOf(check, id)?.state]).toEqual([id, 'pass']);
    expect(done.code).toBe(0);
    expect(fleet.require('lab-2')).toMatchObject({ boot: { count: 1 } });
  } finally {
    await world.stop();
  }
});

it.skipIf(findRedisServer() === null)('`doctor` warns of a Redis that may lose tasks', async () => {
  const redis = await startRedisServer();
  const world = await startTestHost({ simulate: true });
  try {
    const { fleet, settings, tasks } = world.host.core.services;
    await fleet.waitFor('lab-2', (node) => isServing(node.state), AbortSignal.timeout(50_000));
    const there = (...args: string[]) => runCli('cli', [...args, '--data', world.host.dataFolder]);
    const warned = async () => (jsonOf(await there('doctor', 'lab-2', '--json')) as WarnedCheck).warnings;
    expect(await warned()).toEqual([]);

    await redis.command('CONFIG', 'SET', 'appendonly', 'no');
    await settings.update({ tasks: { engine: 'bullmq', redisUrl: redis.url } });
    await expect
      .poll(async () => (await tasks.warnings()).map(({ code }) => code))
      .toEqual(['QUEUE_NOT_KEPT']);
    expect(await warned()).toMatchObject([
      { code: 'QUEUE_NOT_KEPT', message: { code: 'TASK_QUEUE_NOT_KEPT' } },
    ]);
    const shown = await there('doctor', 'lab-2');
    expect(shown.out).toMatch(/not applicable\.\n! {2}Redis keeps no append-only file.*\n {3}Fix: .+\n$/);

    await redis.kill();
    expect((await warned()).map(({ code }) => code)).toEqual(['QUEUE_UNREACHABLE']);
  } finally {
    await world.stop();
    await redis.close();
  }
});
