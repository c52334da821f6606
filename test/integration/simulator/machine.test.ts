import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { createSimulatedMachine, type SimulatedMachineSetup } from '../../../electron/simulator/machine.ts';
import { resolveLoadOptions } from '../../../electron/simulator/options.ts';
import { gpuReadingSchema, hostReadingSchema } from '../../../shared/models/telemetry.ts';
import { macBytes } from '../../../shared/network/mac.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { GIB, until } from './support.ts';

const MAC = '00:00:5e:00:53:42';

async function machineOn(clock: FakeClock, setup: Partial<SimulatedMachineSetup> = {}) {
  return createSimulatedMachine({
    id: 'box',
    name: 'box',
    mac: MAC,
    wake: { bootMs: 6000, resumeMs: 3000, networkShare: 0.5 },
    clock,
    ...setup,
    ollama: {
      profile: '0.33',
      models: [CATALOGUE.mxbaiEmbedLarge, CATALOGUE.llama31],
      gpus: [{ id: 'GPU-0', name: 'Test GPU', vramBytes: 12 * GIB, baselineBytes: GIB, boardWatts: 200 }],
      ...setup.ollama,
    },
  });
}

function sendPacket(destination: string, mac: string, tail: Uint8Array = new Uint8Array()): Promise<void> {
  const bytes = Buffer.from(macBytes(mac) ?? Array(6).fill(0));
  const payload = Buffer.concat([Buffer.alloc(6, 0xff), ...Array(16).fill(bytes), tail]);
  const [host = '', port = ''] = destination.split(':');
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.send(payload, Number(port), host, (error) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    });
  });
}

/** How a TCP connection ends: accepted, or the system's code. */
function knock(address: string): Promise<string> {
  const { hostname, port } = new URL(address.startsWith('http') ? address : `tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve('accepted');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}

const post = (url: string, path: string, body: object) =>
  fetch(url + path, { method: 'POST', body: JSON.stringify(body) });

describe('waking', () => {
  it('goes from off over booting to on at a magic packet, the network first and Ollama later', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock, { initially: 'off' });
    const destination = machine.wakeDestinations[0] ?? '';
    const network = machine.networkAddress ?? '';
    const states: string[] = [];
    machine.onPowerChange((state) => states.push(state));
    expect(await knock(machine.url)).toBe('ECONNREFUSED');
    expect(await knock(network)).toBe('ECONNREFUSED');
    expect(machine.telemetry()).toBeNull();

    await sendPacket(destination, MAC);
    await until(() => machine.power() === 'booting');
    expect(await knock(network)).toBe('ECONNREFUSED');
    await clock.advance(3000);
    expect(await knock(network)).toBe('accepted');
    expect(await knock(machine.url)).toBe('ECONNREFUSED');
    await clock.advance(3000);
    expect(await (await fetch(machine.url)).text()).toBe('Ollama is running');
    expect(states).toEqual(['booting', 'on']);
  });

  it('ignores the packet of another machine, and rubbish', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock, { initially: 'off' });
    const destination = machine.wakeDestinations[0] ?? '';
    await sendPacket(destination, '00:00:5e:00:53:43');
    await clock.flush(50);
    expect(machine.power()).toBe('off');
    // Datagrams arrive in order on loopback: once this one has woken it, the other one was seen too.
    await sendPacket(destination, MAC);
    await until(() => machine.power() === 'booting');
  });

  it.each(['1.2.3.4', '01:02:03:04:05:06'])('needs the password %s where one is set', async (secureOn) => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock, { initially: 'off', secureOn });
    const destination = machine.wakeDestinations[0] ?? '';
    await sendPacket(destination, MAC);
    await sendPacket(destination, MAC, Uint8Array.of(1, 2, 3, 9, 9, 9));
    await clock.flush(50);
    expect(machine.power()).toBe('off');
    const right = secureOn.includes('.') ? [1, 2, 3, 4] : [1, 2, 3, 4, 5, 6];
    await sendPacket(destination, MAC, Uint8Array.from(right));
    await until(() => machine.power() === 'booting');
  });

  it('does not start under the does-not-wake fault, except by its button', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock, { initially: 'off' });
    machine.faults.set('does-not-wake', true);
    await sendPacket(machine.wakeDestinations[0] ?? '', MAC);
    await clock.flush(50);
    expect(machine.power()).toBe('off');
    machine.powerOn();
    expect(machine.power()).toBe('booting');
  });

  it('answers on the network but never serves under that fault, until it is switched off', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock, { initially: 'off' });
    machine.faults.set('never-serves', true);
    machine.powerOn();
    await clock.advance(60_000);
    expect(await knock(machine.networkAddress ?? '')).toBe('accepted');
    expect(await knock(machine.url)).toBe('ECONNREFUSED');
    machine.faults.set('never-serves', false);
    await until(() => machine.power() === 'on');
    expect((await fetch(machine.url)).status).toBe(200);
  });
});

describe('sleeping', () => {
  it('keeps its port and its loaded models, and wakes sooner than from off', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.ollama.scheduler.preload(
      CATALOGUE.llama31,
      resolveLoadOptions({}, CATALOGUE.llama31, 4096),
      Number.POSITIVE_INFINITY,
    );
    for (let round = 0; round < 3; round += 1) {
      machine.sleep();
      expect(machine.faults.is('asleep')).toBe(true);
      expect(await knock(machine.url)).toBe('ECONNREFUSED');
      await sendPacket(machine.wakeDestinations[0] ?? '', MAC);
      await until(() => machine.power() === 'booting');
      await clock.advance(3000);
      expect(machine.power()).toBe('on');
      expect(machine.faults.is('asleep')).toBe(false);
      const { models } = (await (await fetch(`${machine.url}/api/ps`)).json()) as {
        models: { name: string }[];
      };
      expect(models.map((model) => model.name)).toEqual(['llama3.1:8b']);
    }
  });

  it('breaks the requests in flight', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    const answer = post(machine.url, '/api/generate', { model: 'llama3.1:8b' }).then(
      () => 'answered',
      () => 'broken',
    );
    await until(() => machine.ollama.inFlight() === 1);
    machine.faults.set('asleep', true);
    expect(machine.power()).toBe('asleep');
    expect(await answer).toBe('broken');
  });

  it('loses its GPU on resume under that fault, until it is mended', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.faults.set('gpu-lost-on-resume', true);
    expect(machine.telemetry()?.gpus).toHaveLength(1);
    machine.sleep();
    machine.powerOn();
    await clock.advance(3000);
    expect(machine.power()).toBe('on');
    expect(machine.telemetry()?.gpus).toEqual([]);
    expect(machine.ollama.scheduler.gpusUsable()).toBe(false);
    machine.faults.set('gpu-lost-on-resume', false);
    expect(machine.ollama.scheduler.gpusUsable()).toBe(true);
    expect(machine.telemetry()?.gpus).toHaveLength(1);
  });

  it('looks connected and answers nothing under the half-open fault', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    const before = post(machine.url, '/api/generate', { model: 'llama3.1:8b' }).then(
      () => 'answered',
      () => 'broken',
    );
    await until(() => machine.ollama.inFlight() === 1);
    machine.faults.set('half-open', true);
    machine.sleep();
    const client = new AbortController();
    const after = fetch(machine.url, { signal: client.signal }).then(
      () => 'answered',
      () => 'given up',
    );
    await clock.advance(60_000);
    await clock.flush(50);
    expect(await Promise.race([before, after, Promise.resolve('silence')])).toBe('silence');
    client.abort();
    expect(await after).toBe('given up');
    machine.faults.set('half-open', false);
    expect(await before).toBe('broken');
    expect(await knock(machine.url)).toBe('ECONNREFUSED');
  });
});

describe('losing power', () => {
  it('happens in the middle of a batch and forgets what was loaded', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.faults.set('dies-half-way', true);
    const answer = post(machine.url, '/api/embed', {
      model: 'mxbai-embed-large',
      input: Array.from({ length: 100 }, (_, index) => `text ${index}`),
    }).then(
      () => 'answered',
      () => 'broken',
    );
    await until(() => machine.ollama.inFlight() === 1);
    await until(() => machine.ollama.scheduler.runners().length === 1);
    await clock.advance(5000);
    expect(await answer).toBe('broken');
    expect(machine.power()).toBe('off');
    expect(machine.ollama.compute.embeddedTexts()).toBe(50);
    expect(await knock(machine.url)).toBe('ECONNREFUSED');
    machine.powerOn();
    await clock.advance(6000);
    expect(await (await fetch(`${machine.url}/api/ps`)).json()).toEqual({ models: [] });
  });

  it('happens in the middle of a stream', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.faults.set('dies-half-way', true);
    const asked = post(machine.url, '/api/generate', { model: 'llama3.1:8b', prompt: 'a story' });
    await until(() => machine.ollama.scheduler.runners().length === 1);
    await clock.advance(10_000);
    const answer = await asked;
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    expect(machine.power()).toBe('off');
    expect(machine.faults.is('dies-half-way')).toBe(false);
  });

  it('is followed by a full boot', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.powerOff();
    machine.powerOn();
    machine.powerOff();
    await clock.advance(10_000);
    expect(machine.power()).toBe('off');
    machine.powerOn();
    await clock.advance(5999);
    expect(machine.power()).toBe('booting');
    await clock.advance(1);
    expect(machine.power()).toBe('on');
  });
});

describe('a GPU that Ollama did not discover', () => {
  it('is there for the tools, but not for loads, until Ollama starts again', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.faults.set('no-gpu-discovered', true);
    expect(machine.telemetry()?.gpus).toHaveLength(1);
    expect(machine.ollama.scheduler.gpusUsable()).toBe(false);
    machine.faults.set('no-gpu-discovered', false);
    expect(machine.ollama.scheduler.gpusUsable()).toBe(true);
  });
});

describe('a wedge', () => {
  it('ends when Ollama starts again', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    machine.faults.set('wedge', true);
    const hanging = post(machine.url, '/api/generate', { model: 'llama3.1:8b' }).then(
      () => 'answered',
      () => 'broken',
    );
    await until(() => machine.ollama.inFlight() === 1);
    await clock.advance(60_000);
    machine.restartOllama({ atOnce: true });
    expect(await hanging).toBe('broken');
    expect(machine.faults.is('wedge')).toBe(false);
    const again = post(machine.url, '/api/generate', { model: 'llama3.1:8b' });
    await until(() => machine.ollama.scheduler.runners().length === 1);
    await clock.advance(10_000);
    expect((await again).status).toBe(200);
  });
});

describe('telemetry', () => {
  it('shows VRAM by model, load, heat and power, and VRAM that fills while a model loads', async () => {
    const clock = createFakeClock();
    await using machine = await machineOn(clock);
    const idle = machine.telemetry()?.gpus[0];
    expect(idle).toMatchObject({ vramTotalBytes: 12 * GIB, vramUsedBytes: GIB, vendor: 'nvidia' });

    const loading = post(machine.url, '/api/embed', { model: 'mxbai-embed-large' });
    await until(() => machine.ollama.scheduler.runners().length === 1);
    await clock.advance(300);
    const half = machine.telemetry()?.gpus[0]?.vramUsedBytes ?? 0;
    await clock.advance(2000);
    await loading;
    const whole = machine.telemetry();
    expect(half).toBeGreaterThan(GIB);
    expect(whole?.gpus[0]?.vramUsedBytes).toBeGreaterThan(half);
    for (const reading of whole?.gpus ?? []) expect(gpuReadingSchema.parse(reading)).toEqual(reading);
    expect(hostReadingSchema.parse(whole?.host)).toEqual(whole?.host);
    expect(whole?.vramByModel['mxbai-embed-large:latest']).toBeGreaterThan(700_000_000);

    machine.ollama.compute.setRates(10, 10);
    const working = post(machine.url, '/api/embed', {
      model: 'mxbai-embed-large',
      input: Array.from({ length: 600 }, () => 'text'),
    }).catch(() => {});
    await until(() => machine.ollama.compute.busy());
    await clock.advance(20_000);
    const busy = machine.telemetry()?.gpus[0];
    expect(busy?.utilisationPercent).toBeGreaterThan(80);
    expect(busy?.temperatureCelsius).toBeGreaterThan((idle?.temperatureCelsius ?? 0) + 10);
    expect(busy?.powerWatts).toBeGreaterThan(100);
    machine.powerOff();
    await working;
  });
});
