import { describe, expect, it } from 'vitest';
import { createSimulatedFleet } from '../../../electron/simulator/fleet.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { until } from './support.ts';

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

async function fleetOn() {
  const clock = createFakeClock();
  const fleet = await createSimulatedFleet({ clock });
  const machine = (id: string) => {
    const found = fleet.machines.find((one) => one.id === id);
    if (!found?.agent) throw new Error(`${id} has no agent`);
    return { ...found, agent: found.agent };
  };
  const ask = async (id: string, method: string, path: string, body?: object): Promise<Answer> => {
    const { url, token } = machine(id).agent;
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  /** An agent starts in the background, and starting takes turns of the event loop, not time. */
  const up = async (id: string) => {
    let found: Answer | null = null;
    await until(() => {
      if (!found)
        ask(id, 'GET', '/health').then(
          (answer) => (found = answer),
          () => {},
        );
      return found !== null;
    });
    return found as unknown as Answer;
  };
  const gone = (id: string) =>
    ask(id, 'GET', '/health').then(
      () => false,
      () => true,
    );
  const boot = async (id: string) => {
    fleet.control.wake(id);
    await clock.advance(10_000);
    await up(id);
  };
  return {
    clock,
    fleet,
    ask,
    up,
    gone,
    boot,
    power: (id: string) => fleet.control.machine(id).power(),
    [Symbol.asyncDispose]: () => fleet.stop(),
  };
}

describe('the agent of a simulated machine', () => {
  it('is there while the machine is on, with its roles', async () => {
    await using world = await fleetOn();
    expect(await world.up('lab-2')).toMatchObject({
      body: { agent: 'pilotlight', roles: ['power', 'telemetry', 'runner'] },
    });
    expect(await world.up('nas')).toMatchObject({ body: { roles: ['relay', 'telemetry'] } });
    expect(await world.gone('gpu-tower')).toBe(true);
    await world.boot('gpu-tower');
    expect((await world.ask('gpu-tower', 'GET', '/v1/telemetry')).body).toMatchObject({
      machine: { hostname: 'gpu-tower', bootId: 'boot-1', ollama: { answers: true, gpuFound: true } },
      sample: { gpus: [{ name: 'NVIDIA GeForce RTX 4090', processes: [] }] },
    });
  });

  it('powers its machine off, refuses while a lease lives, and knows the lease after the next boot', async () => {
    await using world = await fleetOn();
    await world.boot('gpu-tower');
    const lease = { holder: 'Ann', purpose: 'a game', ttlSeconds: 3600 };
    expect((await world.ask('gpu-tower', 'PUT', '/v1/leases/game', lease)).status).toBe(201);
    expect(await world.ask('gpu-tower', 'POST', '/shutdown')).toMatchObject({ status: 409 });
    const off = { action: 'shutdown', countdownSeconds: 0, force: true, by: 'a test' };
    expect((await world.ask('gpu-tower', 'POST', '/v1/power', off)).status).toBe(202);
    await world.clock.advance(1000);
    await until(() => world.power('gpu-tower') === 'off');
    expect(await world.gone('gpu-tower')).toBe(true);
    await world.boot('gpu-tower');
    const { body } = await world.ask('gpu-tower', 'GET', '/v1/leases');
    expect(body).toMatchObject({ leases: [{ id: 'game', holder: 'Ann' }] });
    expect((await world.ask('gpu-tower', 'GET', '/v1/policy')).body).toMatchObject({ bootId: 'boot-2' });
  });

  it('stands still while its machine sleeps, and a lease that ended meanwhile is gone', async () => {
    await using world = await fleetOn();
    await world.up('lab-2');
    await world.ask('lab-2', 'PUT', '/v1/leases/short', { holder: 'Ann', purpose: 'a look', ttlSeconds: 60 });
    await world.ask('lab-2', 'PUT', '/v1/leases/long', {
      holder: 'Ann',
      purpose: 'a game',
      ttlSeconds: 86_400,
    });
    await world.fleet.sleep('lab-2');
    expect(await world.gone('lab-2')).toBe(true);
    await world.clock.advance(3_600_000);
    await world.boot('lab-2');
    expect((await world.ask('lab-2', 'GET', '/v1/leases')).body).toMatchObject({ leases: [{ id: 'long' }] });
  });

  it('finishes alone when the last lease has ended, in minutes that fly', async () => {
    await using world = await fleetOn();
    await world.boot('gpu-tower');
    const policy = { finishAlone: true, onlyIfWoken: true, idleMinutes: 15 };
    await world.ask('gpu-tower', 'PUT', '/v1/policies/panel', policy);
    await world.ask('gpu-tower', 'PUT', '/v1/woken', { bootId: 'boot-1', by: 'a test' });
    world.fleet.setFault('gpu-tower', 'time-flies', true);
    await world.clock.advance(14_000);
    expect(world.power('gpu-tower')).toBe('on');
    for (let second = 0; second < 20 && world.power('gpu-tower') === 'on'; second += 1) {
      await world.clock.advance(250);
    }
    expect(world.power('gpu-tower')).toBe('off');
  });

  it('takes the order and stays on under the fault', async () => {
    await using world = await fleetOn();
    await world.up('lab-2');
    world.fleet.setFault('lab-2', 'stays-on', true);
    const off = { action: 'sleep', countdownSeconds: 0, force: false, by: 'a test' };
    expect((await world.ask('lab-2', 'POST', '/v1/power', off)).status).toBe(202);
    await world.clock.advance(5000);
    expect(world.power('lab-2')).toBe('on');
  });

  it('restarts Ollama, which looks for its GPU again', async () => {
    await using world = await fleetOn();
    await world.up('lab-2');
    world.fleet.setFault('lab-2', 'no-gpu-discovered', true);
    const machine = async () => (await world.ask('lab-2', 'GET', '/v1/telemetry')).body;
    expect(await machine()).toMatchObject({ machine: { ollama: { gpuFound: false } } });
    expect((await world.ask('lab-2', 'POST', '/v1/ollama/restart', {})).status).toBeLessThan(300);
    expect(await machine()).toMatchObject({ machine: { ollama: { gpuFound: true } } });
  });

  it('wakes the others as their relay, and nobody else', async () => {
    await using world = await fleetOn();
    await world.up('nas');
    expect((await world.ask('nas', 'POST', '/wake', { mac: '00:00:5e:00:53:99' })).body).toMatchObject({
      success: false,
    });
    expect(world.power('gpu-tower')).toBe('off');
    expect((await world.ask('nas', 'POST', '/wake', { mac: '00:00:5e:00:53:10' })).body).toMatchObject({
      success: true,
    });
    await until(() => world.power('gpu-tower') === 'booting');
  });
});
