import { describe, expect, it } from 'vitest';
import { packetAtMs, wakeLimitMs } from '../../../../electron/core/wake/wake-plan.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';
import { aModel, asleep } from '../../../fakes/inference-server.ts';

const url = 'http://192.168.1.20:11434';
const never = new AbortController().signal;
const lan = { name: 'eth0', address: '192.168.1.7', netmask: '255.255.255.0', internal: false };

async function sleepingNode() {
  const world = createFakeFleetWorld({ interfaces: [lan] });
  const server = world.server(url);
  server.answer = asleep();
  const { id } = world.fleet.add({ url, name: 'tower', mac: '00:00:5E:00:53:01', secureOn: '1.2.3.4' });
  await world.fleet.start();
  await world.clock.advance(100);
  expect(world.fleet.get(id)?.state).toBe('off');
  return { ...world, node: server, id };
}

describe('the plan of a wake', () => {
  it('sends at 0, 100 and 400 ms, then every 3 s', () => {
    expect([0, 1, 2, 3, 4, 5].map(packetAtMs)).toEqual([0, 100, 400, 3400, 6400, 9400]);
  });

  it('gives up after three times the usual, or what is set', () => {
    expect(wakeLimitMs(null, 180_000)).toBe(180_000);
    expect(wakeLimitMs(100_000, 180_000)).toBe(300_000);
    // A machine that resumes in seconds may have to boot for once.
    expect(wakeLimitMs(4000, 180_000)).toBe(60_000);
    expect(wakeLimitMs(4000, 10_000)).toBe(12_000);
  });
});

describe('waking', () => {
  it('goes through its steps, repeats packets until it answers, learns and tells', async () => {
    const { power, fleet, clock, udp, node, id, ...world } = await sleepingNode();
    const first = await power.wake(id);
    expect(first.state).toBe('waking');
    const step = () => power.progress(id)?.step;
    expect(power.progress(id)).toMatchObject({ step: 'packet-sent', packetsSent: 6, expectedMs: null });
    expect(new Set(udp.sent.map((sent) => sent.destination))).toEqual(
      new Set(
        ['192.168.1.255', '255.255.255.255', '192.168.1.20'].flatMap((host) => [`${host}:9`, `${host}:7`]),
      ),
    );
    expect(new TextDecoder().decode(udp.sent[0]?.payload)).toBe('00:00:5E:00:53:01 1.2.3.4');
    await clock.advance(10_000);
    expect(power.progress(id)?.packetsSent).toBe(6 * 6);
    node.answer = { fails: new PilotlightError('HOST_UNREACHABLE', { details: { reason: 'refused' } }) };
    await clock.advance(500);
    expect([fleet.get(id)?.state, step()]).toEqual(['booting', 'answers']);
    node.answer = 'serves';
    await clock.advance(250);
    expect(fleet.get(id)).toMatchObject({ state: 'serving', boot: { count: 1 } });
    expect(step()).toBe('serves');
    expect(fleet.get(id)?.boot.usualMs).toBeGreaterThan(10_000);
    expect(fleet.get(id)?.boot.usualMs).toBeLessThanOrEqual(10_850);
    const sent = udp.sent.length;
    node.loadedModels = [aModel()];
    await clock.advance(6000);
    expect([fleet.get(id)?.state, step()]).toEqual(['gpu-verified', 'gpu-verified']);
    await clock.advance(6000);
    expect(power.progress(id)).toBeNull();
    expect(udp.sent).toHaveLength(sent);
    expect(world.entries).toMatchObject([{ message: { code: 'NODE_WOKE', params: { node: 'tower' } } }]);
    await world.stop();
  });

  it('one destination that refuses stops none of the others', async () => {
    const { power, udp, id, ...world } = await sleepingNode();
    udp.refused.set('255.255.255.255:9', 'EACCES: permission denied');
    await power.wake(id);
    expect(power.progress(id)).toMatchObject({
      packetsSent: 5,
      failedDestinations: [{ destination: '255.255.255.255:9', reason: 'EACCES: permission denied' }],
    });
    await world.stop();
  });

  it('all that refuse are WAKE_FAILED, at once', async () => {
    const { power, fleet, udp, id, ...world } = await sleepingNode();
    udp.refused.set('*', 'ENETUNREACH');
    await expect(power.wake(id)).rejects.toMatchObject({ code: 'WAKE_FAILED' });
    expect(power.progress(id)).toBeNull();
    expect(fleet.get(id)).toMatchObject({ state: 'off', lastWakeError: { code: 'WAKE_FAILED' } });
    await world.stop();
  });

  it('ends clearly when it does not come up, and the next wake clears that', async () => {
    const { power, fleet, clock, node, id, ...world } = await sleepingNode();
    world.settings.update({ power: { wakeTimeoutMs: 30_000 } });
    const ensured = power.ensureAwake(id, { signal: never, by: 'job' });
    const rejected = expect(ensured).rejects.toMatchObject({ code: 'WAKE_TIMEOUT' });
    await clock.advance(29_000);
    expect(fleet.get(id)?.state).toBe('waking');
    await clock.advance(1500);
    await rejected;
    expect(power.progress(id)).toBeNull();
    expect(fleet.get(id)).toMatchObject({
      state: 'off',

      lastWakeError: { code: 'WAKE_TIMEOUT' },
    });
    expect(world.entries).toMatchObject([
      { message: { code: 'NODE_DID_NOT_WAKE' }, severity: 'error', notify: true },
    ]);
    await power.wake(id);
    expect(fleet.get(id)).toMatchObject({ state: 'waking', lastWakeError: null });
    node.answer = 'serves';
    await clock.advance(500);
    expect(fleet.get(id)?.state).toBe('serving');
    await world.stop();
  });

  it('learns nothing from a machine that was on all along', async () => {
    const { power, fleet, clock, node, id, ...world } = await sleepingNode();
    node.answer = 'serves';
    await power.wake(id);
    await clock.advance(300);
    expect(fleet.get(id)).toMatchObject({ state: 'serving', boot: { count: 0 } });
    await world.stop();
  });

  it('is shared: one series of packets, and the last who leaves ends it', async () => {
    const { power, fleet, clock, udp, id, ...world } = await sleepingNode();
    const callers = [new AbortController(), new AbortController()];
    const waits = callers.map(({ signal }) =>
      power.ensureAwake(id, { signal, by: 'job' }).catch((error) => error),
    );
    await clock.advance(50);
    expect(udp.sent).toHaveLength(6);
    callers[0]?.abort(new Error('first left'));
    expect((await waits[0])?.message).toBe('first left');
    await clock.advance(100);
    expect(fleet.get(id)?.state).toBe('waking');
    callers[1]?.abort(new Error('second left'));
    expect((await waits[1])?.message).toBe('second left');
    await clock.advance(100);
    expect(power.progress(id)).toBeNull();
    expect(fleet.get(id)).toMatchObject({ state: 'off', lastWakeError: null });
    const sent = udp.sent.length;
    await clock.advance(10_000);
    expect(udp.sent).toHaveLength(sent);
    await world.stop();
  });

  it('a wake that a person began continues when a job leaves', async () => {
    const { power, fleet, clock, id, ...world } = await sleepingNode();
    const job = new AbortController();
    const waiting = power.ensureAwake(id, { signal: job.signal, by: 'job' }).catch(() => null);
    await power.wake(id);
    job.abort(new Error('cancelled'));
    await waiting;
    await clock.advance(1000);
    expect(fleet.get(id)?.state).toBe('waking');
    expect(power.cancelWake(id)).toMatchObject({ state: 'off', lastWakeError: null });
    await clock.advance(10);
    await power.wake(id);
    expect(fleet.get(id)?.state).toBe('waking');
    await world.stop();
  });

  it('refuses what it cannot do', async () => {
    const { power, fleet, clock, node, id, ...world } = await sleepingNode();
    const plain = fleet.add({ url: 'http://192.168.1.30:11434' });
    world.server('http://192.168.1.30:11434').answer = asleep();
    await expect(power.wake('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(power.wake(plain.id)).rejects.toMatchObject({ code: 'CANNOT_WAKE' });
    await expect(power.ensureAwake(plain.id, { signal: never, by: 'job' })).rejects.toMatchObject({
      code: 'CANNOT_WAKE',
    });
    await expect(power.ensureAwake('this-computer', { signal: never, by: 'job' })).rejects.toMatchObject({
      code: 'NO_SERVER',
    });
    node.answer = 'serves';
    await fleet.probe(id);
    await expect(power.wake(id)).rejects.toMatchObject({ code: 'ALREADY_AWAKE' });
    expect((await power.ensureAwake(id, { signal: never, by: 'job' })).state).toBe('serving');
    await clock.advance(1);
    await world.stop();
  });

  it('a node that is removed, or a core that stops, ends the wake', async () => {
    const { power, fleet, id, ...world } = await sleepingNode();
    const removed = power.ensureAwake(id, { signal: never, by: 'job' });
    const gone = expect(removed).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await world.clock.advance(10);
    fleet.remove(id);
    await gone;
    const again = await sleepingNode();
    const stopped = again.power.ensureAwake(again.id, { signal: never, by: 'job' });
    const ended = expect(stopped).rejects.toMatchObject({ code: 'STOPPING' });
    await again.stop();
    await ended;
    await world.stop();
  });
});
