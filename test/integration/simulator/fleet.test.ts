import { describe, expect, it } from 'vitest';
import type { SimulatedFleet as SimulatedFleetPort } from '../../../electron/core/ports/simulated-fleet.ts';
import { runCommand } from '../../../electron/simulator/commands.ts';
import { createSimulatedFleet } from '../../../electron/simulator/fleet.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { until } from './support.ts';

const json = async (url: string, path: string, body?: object) =>
  (await (
    await fetch(url + path, body ? { method: 'POST', body: JSON.stringify(body) } : undefined)
  ).json()) as Record<string, unknown>;

async function fleetOn() {
  const clock = createFakeClock();
  const fleet = await createSimulatedFleet({ clock });
  const url = (id: string) => fleet.machines.find((machine) => machine.id === id)?.url ?? '';
  return { clock, fleet, url, [Symbol.asyncDispose]: () => fleet.stop() };
}

describe('the simulated fleet', () => {
  it('is a sleeping GPU machine, a small one that is always on, and a second GPU machine', async () => {
    await using setup = await fleetOn();
    const { fleet } = setup;
    // Core's port takes the fleet as it is; this line does not compile otherwise.
    const port: SimulatedFleetPort = fleet;
    expect(port.machines).toBe(fleet.machines);
    expect(fleet.machines.map(({ id, vramBytes }) => [id, vramBytes / 1024 ** 3])).toEqual([
      ['gpu-tower', 24],
      ['nas', 0],
      ['lab-2', 12],
    ]);
    expect(fleet.machines.map(({ id }) => fleet.control.machine(id).power())).toEqual(['off', 'on', 'on']);
    expect(fleet.machines.map(({ wakeDestinations }) => wakeDestinations.length)).toEqual([1, 0, 1]);
    expect(fleet.telemetry('gpu-tower')).toBeNull();
    expect(fleet.telemetry('lab-2')?.gpus).toHaveLength(1);
    expect(fleet.telemetry('nas')?.gpus).toEqual([]);
  });

  it('has a priority model on the CPU of the second GPU machine, which can be moved', async () => {
    await using setup = await fleetOn();
    const { clock, url } = setup;
    const placed = async () =>
      (
        (await json(url('lab-2'), '/api/ps')).models as { name: string; size: number; size_vram: number }[]
      )[0];
    expect(await placed()).toMatchObject({ name: 'llama3.1:8b', size_vram: 0 });
    const moved = json(url('lab-2'), '/api/generate', {
      model: 'llama3.1:8b',
      keep_alive: -1,
      options: { num_gpu: 33 },
    });
    await until(() => setup.fleet.control.machine('lab-2').ollama.inFlight() === 1);
    await clock.advance(10_000);
    expect(await moved).toMatchObject({ done_reason: 'load' });
    const after = await placed();
    expect(after?.size_vram).toBe(after?.size);
  });

  it('embeds the same text to the same vector on both machines with the digest', async () => {
    await using setup = await fleetOn();
    const { clock, fleet, url } = setup;
    fleet.control.wake('gpu-tower');
    await clock.advance(6000);
    const ask = async (id: string) => {
      const answer = json(url(id), '/api/embed', { model: 'mxbai-embed-large', input: ['a pilot light'] });
      await until(() => fleet.control.machine(id).ollama.inFlight() === 1);
      await clock.advance(10_000);
      return answer;
    };
    const [tower, nas] = [await ask('gpu-tower'), await ask('nas')];
    expect(tower.embeddings).toEqual(nas.embeddings);
    const digests = await Promise.all(
      ['gpu-tower', 'nas'].map(async (id) =>
        ((await json(url(id), '/api/tags')).models as { name: string; digest: string }[]).find((model) =>
          model.name.startsWith('mxbai'),
        ),
      ),
    );
    expect(digests[0]?.digest).toBe(digests[1]?.digest);
    expect(fleet.control.machine('gpu-tower').ollama.scheduler.loaded()[0]?.sizeVramBytes).toBeGreaterThan(0);
    expect(fleet.control.machine('nas').ollama.scheduler.loaded()[0]?.sizeVramBytes).toBe(0);
  });

  it('names its faults, switches them, and refuses unknown names', async () => {
    await using setup = await fleetOn();
    const { fleet } = setup;
    expect(fleet.faults('nas').every((fault) => !fault.on && fault.description.length > 20)).toBe(true);
    fleet.setFault('nas', 'wedge', true);
    expect(fleet.faults('nas').filter((fault) => fault.on)).toMatchObject([{ name: 'wedge' }]);
    expect(() => fleet.setFault('nas', 'gremlins', true)).toThrow(RangeError);
    expect(() => fleet.setFault('nowhere', 'wedge', true)).toThrow(RangeError);
  });

  it('puts a machine to sleep', async () => {
    await using setup = await fleetOn();
    await setup.fleet.sleep('lab-2');
    expect(setup.fleet.control.machine('lab-2').power()).toBe('asleep');
    expect(setup.fleet.telemetry('lab-2')).toBeNull();
  });
});

describe('commands', () => {
  it('wake, sleep, kill, break and describe machines', async () => {
    await using setup = await fleetOn();
    const { clock, fleet } = setup;
    const say = (command: object) => runCommand(fleet, JSON.stringify(command));
    expect(say({ wake: 'gpu-tower' })).toEqual({ ok: true });
    expect(say({ state: 'gpu-tower' })).toMatchObject({ ok: true, power: 'booting' });
    await clock.advance(6000);
    expect(say({ sleep: 'gpu-tower' })).toEqual({ ok: true });
    expect(say({ state: 'gpu-tower' })).toMatchObject({ power: 'asleep', faults: ['asleep'] });
    expect(say({ kill: 'lab-2' })).toEqual({ ok: true });
    expect(say({ state: 'lab-2' })).toMatchObject({ power: 'off' });
    expect(say({ fault: 'wedge', node: 'nas' })).toEqual({ ok: true });
    expect(say({ state: 'nas' })).toMatchObject({ faults: ['wedge'], embeddedTexts: 0, inFlight: 0 });
    expect(say({ fault: 'wedge', node: 'nas', on: false })).toEqual({ ok: true });
    expect(say({ dieAfterTexts: 10, node: 'nas' })).toEqual({ ok: true });
    expect(say({ textsPerSecond: 10, node: 'nas' })).toEqual({ ok: true });
    expect(say({ restart: 'nas' })).toEqual({ ok: true });
  });

  it('that make no sense are answered with an error', async () => {
    await using setup = await fleetOn();
    expect(runCommand(setup.fleet, '{"wake"')).toMatchObject({ ok: false });
    expect(runCommand(setup.fleet, '{"dance":"nas"}')).toEqual({ ok: false, error: 'unknown command' });
    expect(runCommand(setup.fleet, '{"wake":"nowhere"}')).toEqual({
      ok: false,
      error: 'Unknown simulated machine: nowhere',
    });
    expect(runCommand(setup.fleet, 'null')).toMatchObject({ ok: false });
  });
});
