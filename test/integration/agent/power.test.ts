import { once } from 'node:events';
import { readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPlace, inhibitorCommand, runAgent, startAgent } from './process.ts';

const power = ['--role', 'power', '--dry-run', '--ignore-user', 'root'];
const lease = { holder: 'panel one', purpose: 'index of photos', ttlSeconds: 600 };

function placeWithInhibitor() {
  const place = createPlace();
  const file = join(place.folder, 'inhibitor.txt');
  const withCommand = createPlace({ commands: { inhibit: inhibitorCommand(file) } });
  return {
    folder: withCommand.folder,
    file,
    read: () => readFileSync(file, 'utf8'),
    /** Resolves when the inhibitor has written this. */
    async wrote(text: string) {
      const changes = watch(place.folder);
      try {
        for (;;) {
          const content = (() => {
            try {
              return readFileSync(file, 'utf8');
            } catch {
              return '';
            }
          })();
          if (content === text) return;
          await once(changes, 'change');
        }
      } finally {
        changes.close();
      }
    },
    [Symbol.dispose]() {
      place[Symbol.dispose]();
      withCommand[Symbol.dispose]();
    },
  };
}

describe.skipIf(process.platform === 'win32')('the power role as a process', () => {
  it('keeps a lease over SIGKILL, refuses to power off while it lives, and inhibits sleep meanwhile', async () => {
    using place = placeWithInhibitor();
    {
      await using agent = await startAgent(place.folder, power);
      expect((await agent.call('PUT', '/v1/leases/job-1', lease)).status).toBe(201);
      expect((await agent.call('PUT', '/v1/leases/job-1', lease)).status).toBe(200);
      expect((await agent.call('PUT', '/v1/leases/job-1', { ...lease, holder: 'other' })).body).toMatchObject(
        {
          error: { code: 'LEASE_OF_ANOTHER' },
        },
      );
      await place.wrote('on\n');
      await agent.stop('SIGKILL');
      // It reads from the agent, and so ends with it.
      await place.wrote('on\noff\n');
    }
    await using agent = await startAgent(place.folder, power);
    const { body } = await agent.call('GET', '/v1/leases/job-1');
    expect(body).toMatchObject({ ...lease, id: 'job-1' });
    expect(body.remainingSeconds).toBeGreaterThan(500);
    await place.wrote('on\noff\non\n');
    const refused = await agent.call('POST', '/shutdown');
    expect(refused).toMatchObject({ status: 409, body: { success: false, code: 'IN_USE' } });
    expect(refused.body.reasons).toMatchObject([{ code: 'LEASE', id: 'job-1' }]);
    expect((await agent.call('DELETE', '/v1/leases/job-1')).status).toBe(200);
    expect((await agent.call('DELETE', '/v1/leases/job-1')).status).toBe(404);
    expect((await agent.call('POST', '/shutdown')).body).toEqual({
      success: true,
      message: 'Shutting down now',
    });
    await agent.said(/shutdown requested by a script: dry-run/);
    expect(agent.log()).toContain('dry run, not run: ["');
    expect((await agent.call('GET', '/v1/leases')).body).toMatchObject({
      leases: [],
      inhibitor: { held: false },
    });
  });

  it('lets one action run at a time, cancels it here and from afar, and drops it when it is killed', async () => {
    // Named, so that it can be asked for on a machine whose system cannot sleep.
    using place = createPlace({ commands: { inhibit: ['cat'], sleep: ['false'] } });
    const ask = { action: 'sleep', countdownSeconds: 3000, by: 'panel one' };
    {
      await using agent = await startAgent(place.folder, power);
      const both = await Promise.all([
        agent.call('POST', '/v1/power', ask),
        agent.call('POST', '/v1/power', ask),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
      expect((await agent.call('POST', '/v1/power', { ...ask, force: true })).body).toMatchObject({
        error: { code: 'POWER_ACTION_RUNNING' },
      });
      expect((await agent.call('POST', '/v1/power/cancel-here', { key: 'guessed' }, null)).status).toBe(409);
      const cancelled = await runAgent(['cancel', '--data', place.folder]);
      expect(cancelled).toMatchObject({ code: 0, out: 'Cancelled. This machine stays on.\n' });
      expect((await agent.call('GET', '/v1/power')).body).toMatchObject({
        phase: 'idle',
        last: { outcome: 'cancelled', action: 'sleep' },
      });
      expect((await agent.call('POST', '/v1/power/cancel', {})).body).toMatchObject({
        error: { code: 'NO_COUNTDOWN' },
      });
      await agent.call('POST', '/v1/power', ask);
      expect((await agent.call('POST', '/v1/power/cancel', { by: 'panel two' })).status).toBe(200);
      await agent.call('POST', '/v1/power', ask);
      await agent.stop('SIGKILL');
    }
    await using agent = await startAgent(place.folder, power);
    expect((await agent.call('GET', '/v1/power')).body).toMatchObject({
      phase: 'idle',
      current: null,
      last: { outcome: 'interrupted', action: 'sleep', by: 'panel one' },
    });
    expect(await agent.stop()).toBe(0);
    expect(agent.log()).not.toContain('not run: [');
  });

  it('keeps policies and the woken run, and says why it stays on', async () => {
    using place = createPlace({ commands: { inhibit: ['cat'] } });
    {
      await using agent = await startAgent(place.folder, power);
      const put = await agent.call('PUT', '/v1/policies/panel-1', {
        finishAlone: true,
        idleMinutes: 5,
        action: 'sleep',
        // Who is signed in where the tests run is not theirs to know.
        respectUsers: false,
      });
      expect(put.status).toBe(200);
      await agent.call('PUT', '/v1/policies/panel-2', {
        finishAlone: true,
        idleMinutes: 30,
        onlyIfWoken: false,
        respectUsers: false,
      });
      const { bootId } = (await agent.call('GET', '/v1/policy')).body;
      expect((await agent.call('PUT', '/v1/woken', { bootId: 'another' })).body).toMatchObject({
        error: { code: 'BOOT_CHANGED' },
      });
      expect((await agent.call('GET', '/v1/policy')).body.decision).toEqual({ do: 'stay', why: 'not-woken' });
      expect((await agent.call('PUT', '/v1/woken', { bootId, by: 'panel-1' })).status).toBe(200);
      await agent.stop('SIGKILL');
    }
    await using agent = await startAgent(place.folder, power);
    expect((await agent.call('GET', '/v1/policy')).body).toMatchObject({
      effective: { finishAlone: true, onlyIfWoken: true, idleMinutes: 30, action: 'sleep' },
      wokenInThisBoot: true,
      decision: { do: 'wait' },
    });
    expect((await agent.call('DELETE', '/v1/policies/panel-3')).status).toBe(404);
  });

  it('lists the panels whose policies count, and forgets one that a person names', async () => {
    using place = createPlace({ commands: { inhibit: ['cat'] } });
    await using agent = await startAgent(place.folder, power);
    const forget = (...args: string[]) => runAgent(['forget', '--data', place.folder, ...args]);
    expect((await forget()).out).toBe('No panel has a policy here.\n');
    await agent.call('PUT', '/v1/policies/lap-top', { finishAlone: true, idleMinutes: 5, action: 'sleep' });
    await agent.call('PUT', '/v1/policies/gone', { finishAlone: false });
    expect((await forget()).out).toMatch(/^lap-top {2}sleep after 5 min .*\ngone {2}stays on .*\n$/);
    expect(await forget('nobody')).toMatchObject({
      code: 1,
      complaints: expect.stringContaining('No policy of this panel is kept here.'),
    });
    expect((await forget('gone')).out).toMatch(/^Forgot gone\.\nlap-top /);
    expect((await agent.call('GET', '/v1/policy')).body).toMatchObject({
      policies: [{ panel: 'lap-top' }],
      effective: { finishAlone: true },
    });
    expect(await forget('--json')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\[\{"panel":"lap-top"/),
    });
    await agent.stop();
    expect(await forget()).toMatchObject({ code: 1, complaints: expect.stringContaining('NOT_RUNNING') });
  });

  it('keeps its token to itself, and pairs by a code that works once', async () => {
    using place = createPlace();
    await using agent = await startAgent(place.folder, power);
    expect(statSync(join(place.folder, 'token')).mode & 0o777).toBe(0o600);
    expect((await runAgent(['token', '--data', place.folder])).out.trim()).toBe(agent.token);
    const { out } = await runAgent(['pair', '--json', '--data', place.folder]);
    const { code, lines } = JSON.parse(out) as { code: string; lines: string[] };
    expect(code).toMatch(/^\d{6}$/);
    expect(lines[0]).toMatch(new RegExp(`^pilotlight\\+agent://127.0.0.1:${agent.port}/#.{24}$`));
    const pair = await agent.call('POST', '/v1/pair', { code, panel: 'desk' }, null);
    expect(pair).toMatchObject({ status: 200, body: { token: agent.token } });
    expect((await agent.call('POST', '/v1/pair', { code, panel: 'desk' }, null)).status).toBe(403);
    expect(agent.log()).not.toContain(agent.token);
    const wrong = [];
    for (let tries = 0; tries < 4; tries += 1)
      wrong.push((await agent.call('GET', '/v1/power', undefined, 'wrong')).status);
    expect(wrong.at(-1)).toBe(429);
    expect((await agent.call('GET', '/v1/power')).headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await agent.call('GET', '/health', undefined, null)).status).toBe(200);
  });
});
