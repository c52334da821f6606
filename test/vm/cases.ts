/** What the agent must do on a real machine. The cases of a release run in this order, on one guest. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changes, listSystem } from './support/leftovers.ts';
import { agentInGuest, agentProgram, createWorld, type World } from './support/world.ts';

/** `wall` breaks a long line wherever its 79 columns end. */
const unwrapped = (text: string) => text.replaceAll('\r', '').replaceAll(/^(.{79})\n/gm, '$1');

export function describeRelease(release: string): void {
  describe(release, () => {
    let world: World;
    let before: string[] = [];
    let installOutput = '';

    beforeAll(async () => {
      world = await createWorld(release);
      await world.begin();
    });
    afterAll(() => world?.stop());

    it('installs', async () => {
      const { guest } = world;
      before = await listSystem(guest);
      await guest.sh(`cat > ${agentInGuest}`, agentProgram());
      installOutput = await guest.sh(`node ${agentInGuest} install --role power,telemetry --bind 10.0.2.15`);
      await world.answers();
      expect(await guest.sh('systemctl is-active pilotlight-agent.service')).toBe('active');
    });

    it('pairs by the command that the installation names, and telemetry arrives', async () => {
      const { guest, panel, agentUrl } = world;
      // The steps before it are shown with "run:" as well. The guest's root needs no sudo, and has none.
      const named = [...installOutput.matchAll(/run:\s+(?:sudo )?(.+)$/gm)].at(-1);
      const command = named?.[1] ?? '';
      const { code: exit, stdout, stderr } = await guest.run(command);
      // Without that command the cases after this one have their code from the file itself.
      const output = exit === 0 ? stdout : await guest.sh(`node ${agentInGuest} pair`);
      const code = /Code: ([\d ]+?) {2}/.exec(output)?.[1] ?? '';
      await panel.call('agents.pair', { url: agentUrl, code });
      await world.adopt();
      const sample = await panel.until(
        'telemetry',
        world.nodeId(),
        ({ host }) => (host?.memoryTotalBytes ?? 0) > 0,
        'a sample of the machine',
      );
      expect(sample.host?.memoryTotalBytes).toBeGreaterThan(500 * 1024 ** 2);
      expect({ command, exit, stderr }).toEqual({ command, exit: 0, stderr: expect.any(String) });
    });

    describe('installed', () => {
      beforeEach(() => world.settle());

      it('offers only the power actions that logind can do', async () => {
        const can = async (method: string) =>
          (await world.guest.sh(
            `busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager ${method}`,
          )) !== 's "na"';
        const { agent } = await world.panel.until(
          'power',
          world.nodeId(),
          (power) => (power.agent?.actions.length ?? 0) > 0,
          'the actions of the agent',
        );
        expect([...(agent?.actions ?? [])].sort()).toEqual(
          [
            ...((await can('CanHibernate')) ? ['hibernate'] : []),
            'restart',
            'shutdown',
            ...((await can('CanSuspend')) ? ['sleep'] : []),
          ].sort(),
        );
      });

      it('a lease refuses a power-off and blocks systemctl suspend', async () => {
        const { guest, panel, ssh } = world;
        const nodeId = world.nodeId();
        const lease = await panel.call('power.keepAwake', { nodeId, until: null, purpose: 'a long render' });
        await panel.until(
          'power',
          nodeId,
          ({ leases }) => leases.some(({ id, mirrored }) => id === lease.id && mirrored),
          'the lease at the agent',
        );
        expect(await world.refusal('shutdown')).toMatchObject({
          code: 'IN_USE',
          message: expect.stringContaining('a long render'),
        });
        const direct = await world.ask('POST', '/shutdown');
        expect(direct).toMatchObject({ status: 409, body: { success: false } });
        expect(JSON.stringify(direct.body)).toContain('a long render');

        // For sleep and for idleness, however many inhibitors that takes.
        const held = await guest.sh('systemd-inhibit --list --no-legend --no-pager');
        const kinds = held.split('\n').filter((line) => line.includes('Pilotlight'));
        expect(kinds.join('\n')).toMatch(/sleep/);
        expect(kinds.join('\n')).toMatch(/idle/);
        expect((await world.ask('GET', '/v1/leases')).body).toMatchObject({ inhibitor: { held: true } });

        const byTerminal = await ssh.run('ann', 'systemctl suspend', { terminal: true });
        expect(byTerminal).toMatchObject({ output: expect.stringContaining('Pilotlight') });
        expect(byTerminal.code).not.toBe(0);
        const byCommand = await ssh.run('ann', 'systemctl suspend');
        expect(byCommand.code).not.toBe(0);
        expect(await guest.status()).toBe('running');

        await panel.call('power.release', { nodeId, leaseId: lease.id });
        await world.inhibitorGone();
        const suspended = guest.next('SUSPEND');
        await ssh.run('ann', 'systemctl suspend');
        await suspended;
        await world.wake();
      });

      it('sleeps, and wakes by a magic packet', async () => {
        const { guest, waker } = world;
        const suspended = guest.next('SUSPEND');
        await world.off('sleep');
        await suspended;
        expect(await guest.status()).toBe('suspended');
        const woken = guest.next('WAKEUP');
        const hello = world.hellos.next();
        const packets = waker.did.length;
        await world.wake();
        await woken;
        expect(waker.did.slice(packets)[0]).toBe('woken');
        expect((await hello).status).toBeLessThan(300);
      });

      it('restarts, with a new boot id and a hello', async () => {
        const { guest } = world;
        const bootId = async () => await guest.sh('cat /proc/sys/kernel/random/boot_id');
        const old = await bootId();
        const reset = guest.next('RESET');
        const hello = world.hellos.next();
        await world.off('restart');
        expect((await reset).data).toMatchObject({ guest: true });
        const heard = await hello;
        expect(heard.bootId).not.toBe(old);
        await world.serving();
        expect(heard.bootId).toBe(await bootId());
      });

      describe('with a person there', () => {
        /** By policy and when asked, in the agent's own words and the panel's. */
        async function keepsItOn(name: string): Promise<void> {
          const { panel } = world;
          const nodeId = world.nodeId();
          await panel.call('power.setPolicy', { nodeId, policy: { powerOff: 'always' } });
          const policy = await world.policy(({ effective }) => effective?.finishAlone === true);
          const { decision, reasons } = policy;
          // On a busy computer there may be more: what the emulated machine was too slow to report counts as use.
          expect({ decision, reasons }).toEqual({
            decision: { do: 'stay', why: 'in-use' },
            reasons: expect.arrayContaining([
              expect.objectContaining({ code: 'USERS', message: expect.stringContaining(name) }),
            ]),
          });
          expect(await world.refusal('shutdown')).toMatchObject({
            code: 'IN_USE',
            message: expect.stringContaining(name),
          });
        }

        it('a person on the console keeps it on', async () => {
          await world.guest.console().login('ann');
          await keepsItOn('ann');
        });

        it('a person by ssh with a terminal keeps it on', async () => {
          await world.ssh.open('bob', 'terminal');
          await keepsItOn('bob');
        });

        it('a person by ssh without a terminal keeps it on', async () => {
          const session = await world.ssh.open('bob', 'command');
          await keepsItOn('bob');
          // What his command left running is no person: logind calls that session closing.
          await session.end();
          await world.policy(({ reasons }) => !reasons.some(({ code }) => code === 'USERS'));
        });

        it('a person by ssh reads the notice of a countdown and cancels it by the command in it', async () => {
          const { panel, ssh } = world;
          const nodeId = world.nodeId();
          const session = await ssh.open('ann', 'terminal');
          await world.off('shutdown', { force: true, countdownSeconds: 600 });
          await panel.until('power', nodeId, ({ countdown }) => countdown !== null, 'the countdown');
          const named = /run: (.*\bcancel\b.*)/;
          const shown = await session.until(
            (text) => named.test(unwrapped(text)),
            'the notice with its command',
          );
          const command = named.exec(unwrapped(shown))?.[1]?.trim() ?? '';
          const { code, output } = await ssh.run('ann', command);
          if (code !== 0) await panel.call('power.cancelOff', { nodeId });
          expect({ command, code, output }).toEqual({ command, code: 0, output: expect.any(String) });
          await panel.until('power', nodeId, ({ countdown }) => countdown === null, 'no countdown');
          expect((await world.ask('GET', '/v1/power')).body).toMatchObject({
            phase: 'idle',
            last: { outcome: 'cancelled' },
          });
        });
      });

      describe('with an inhibitor of another program', () => {
        it('one that blocks refuses with its name, and does not when forced', async () => {
          const { guest } = world;
          const who = 'package manager';
          const why = 'Packages are being installed';
          await world.inhibit({ what: 'shutdown:sleep', mode: 'block', who, why });
          for (const action of ['shutdown', 'restart', 'sleep'] as const) {
            expect(await world.refusal(action)).toMatchObject({
              code: 'IN_USE',
              message: expect.stringMatching(new RegExp(`${who}.*${why}|${why}.*${who}`)),
            });
          }
          const suspended = guest.next('SUSPEND');
          await world.off('sleep', { force: true });
          await suspended;
          await world.wake();
        });

        it('one that blocks, and a session of another user: powers off when forced', async () => {
          const { guest } = world;
          await world.inhibit({ what: 'shutdown', mode: 'block', who: 'backup', why: 'Copying files' });
          await world.ssh.open('bob', 'terminal');
          const shutdown = guest.next('SHUTDOWN');
          await world.off('shutdown', { force: true });
          expect((await shutdown).data).toMatchObject({ guest: true });
        });

        it('one that only delays does not refuse', async () => {
          const { guest } = world;
          await world.inhibit({ what: 'sleep:shutdown', mode: 'delay', who: 'network', why: 'Says goodbye' });
          const suspended = guest.next('SUSPEND');
          await world.off('sleep');
          await suspended;
          await world.wake();
        });
      });

      it('an agent that is killed in a countdown leaves the machine on, and says so', async () => {
        const { guest, panel } = world;
        const nodeId = world.nodeId();
        const pid = 'systemctl show --property=MainPID --value pilotlight-agent.service';
        const old = await guest.sh(pid);
        await world.off('shutdown', { countdownSeconds: 600 });
        await panel.until('power', nodeId, ({ countdown }) => countdown !== null, 'the countdown');
        await guest.sh(`kill -9 ${old}`);
        await panel.until('power', nodeId, ({ countdown }) => countdown === null, 'the end of the countdown');
        await world.serving();
        expect(await guest.sh(pid)).not.toBe(old);
        expect((await world.ask('GET', '/v1/power')).body).toMatchObject({
          phase: 'idle',
          current: null,
          last: { action: 'shutdown', outcome: 'interrupted' },
        });
        const entries = await panel.call('activity.list', { kinds: ['power'] });
        expect(entries).toContainEqual(expect.objectContaining({ why: expect.stringMatching(/countdown/i) }));
        expect(await guest.sh('ls /var/lib/pilotlight-agent')).not.toContain('countdown');
      });

      it('powers off on request, and starts from a magic packet', async () => {
        const { guest, waker } = world;
        const shutdown = guest.next('SHUTDOWN');
        const gone = guest.next('GONE');
        await world.off('shutdown');
        expect((await shutdown).data).toMatchObject({ guest: true, reason: 'guest-shutdown' });
        await gone;
        const packets = waker.did.length;
        await world.wake();
        expect(waker.did.slice(packets)[0]).toBe('started');
      });

      it('powers off by its policy when it is idle', async () => {
        const { guest, panel } = world;
        const nodeId = world.nodeId();
        const shutdown = guest.next('SHUTDOWN');
        await panel.call('power.setPolicy', { nodeId, policy: { powerOff: 'always' } });
        await panel.until(
          'power',
          nodeId,
          ({ countdown }) => countdown !== null,
          'the countdown of the agent',
        );
        expect((await shutdown).data).toMatchObject({ guest: true });
      });

      it('uninstalls and leaves nothing', async () => {
        const { guest } = world;
        await guest.sh(`node ${agentInGuest} uninstall`);
        expect(changes(before, await listSystem(guest))).toEqual([]);
      });
    });
  });
}
