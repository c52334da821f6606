/** An agent that is always on, as the door for Immich in front of a GPU machine that sleeps. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenDoor } from '../../../electron/adapters/immich/types.ts';
import { readConfig } from '../../../electron/agent/config.ts';
import { startImmichRole } from '../../../electron/agent/immich/role.ts';
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts';
import { PICTURE, TEXT } from '../../fakes/immich.ts';

const MAC = 'AA:BB:CC:DD:EE:FF';
const GRAPHS = ['clip/ViT-B-32__openai/visual', 'clip/ViT-B-32__openai/textual'];

/** The agent of a machine with a runner. */
async function startMachine(graphs = GRAPHS) {
  const calls: string[] = [];
  const machine = { calls, graphs, pictures: 0, port: 0, server: null as Server | null };
  const server = createServer((request, response) => {
    const call = `${request.method} ${request.url}`;
    request.resume().on('end', () => {
      if (request.url !== '/runner/status') calls.push(call);
      if (request.url === '/predict') machine.pictures += 1;
      const answers: Record<string, unknown> = {
        'GET /runner/status': { ready: true, provider: 'cuda', immich: machine.graphs },
        'GET /v1/policy': { bootId: 'boot-2' },
        'POST /predict': { clip: '[1]' },
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers[call] ?? {}));
    });
  });
  machine.server = server;
  return {
    ...machine,
    get pictures() {
      return machine.pictures;
    },
    async listen(port: number) {
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A port of loopback that nothing listens on. */
async function freePort(): Promise<number> {
  const machine = await startMachine();
  const port = await machine.listen(0);
  await machine.close();
  return port;
}

let clock: FakeClock;
let packets: string[];
let stops: (() => unknown)[];
beforeEach(() => {
  clock = createFakeClock();
  packets = [];
  stops = [];
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function openDoorTo(port: number, { local = null as { port: number; token: string } | null } = {}) {
  const content = {
    role: ['runner'],
    immich: { upstream: `http://127.0.0.1:${port}`, token: 'machine-token', mac: MAC, port: 0 },
  };
  const { immich } = readConfig({
    flags: {},
    environment: {},
    file: { path: 'test', content, privately: true },
  });
  if (immich === null) throw new Error('There is no door.');
  const door = await new Promise<OpenDoor>((resolve) => {
    const role = startImmichRole({
      config: immich,
      bind: '127.0.0.1',
      id: 'nas',
      clock,
      wake: async (mac) => void packets.push(mac),
      local: () => local,
      log() {},
      onOpen: resolve,
    });
    stops.push(role.stop);
  });
  const predict = (entries: object, text?: string) => {
    const form = new FormData();
    form.set('entries', JSON.stringify(entries));
    if (text === undefined) form.set('image', new Blob([Buffer.alloc(100_000)]));
    else form.set('text', text);
    return fetch(`http://127.0.0.1:${door.port}/predict`, { method: 'POST', body: form });
  };
  return { door, predict };
}

async function until(is: () => boolean, stepMs = 0): Promise<void> {
  while (!is()) await clock.advance(stepMs);
}

describe('the door of an agent', () => {
  it('wakes the machine with one packet at a time, holds pictures, and says that it woke it', async () => {
    const port = await freePort();
    const { door, predict } = await openDoorTo(port);
    const answers = Array.from({ length: 20 }, () => predict(PICTURE));
    await until(() => door.state().held === 20 && packets.length === 1);
    const machine = await startMachine();
    await machine.listen(port);
    stops.push(machine.close);
    await until(() => machine.pictures === 20, 500);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(packets.every((mac) => mac === MAC)).toBe(true);
    await until(() => machine.calls.includes('PUT /v1/woken'));
    await until(() => machine.calls.includes('PUT /v1/leases/immich-nas'));
    await clock.advance(61_000);
    await until(() => machine.calls.includes('DELETE /v1/leases/immich-nas'));
    expect(machine.calls.filter((call) => call === 'PUT /v1/woken')).toHaveLength(1);
  });

  it('answers 503 when the machine stays silent, and sends packets until then', async () => {
    const { door, predict } = await openDoorTo(await freePort());
    const answer = predict(PICTURE);
    await until(() => door.state().held === 1);
    let status = 0;
    void answer.then((response) => {
      status = response.status;
    });
    await until(() => status !== 0, 2000);
    expect(status).toBe(503);
    expect((await answer).headers.get('retry-after')).not.toBeNull();
    expect(packets.length).toBeGreaterThan(10);
  });

  it('answers texts with its own runner while the machine sleeps', async () => {
    const here = await startMachine();
    stops.push(here.close);
    const port = await here.listen(0);
    const { predict } = await openDoorTo(await freePort(), { local: { port, token: 'here' } });
    await clock.flush(20);
    expect((await predict(TEXT, 'Hund')).status).toBe(200);
    expect(packets).toEqual([]);
  });

  it('does not call a machine woken that was on already', async () => {
    const machine = await startMachine();
    stops.push(machine.close);
    const { predict } = await openDoorTo(await machine.listen(0));
    expect((await predict(PICTURE)).status).toBe(200);
    expect(machine.calls).not.toContain('PUT /v1/woken');
    expect(packets).toEqual([]);
  });
});

describe('its configuration', () => {
  const read = (immich: unknown, role = ['runner']) =>
    readConfig({
      flags: {},
      environment: {},
      file: { path: 'test', content: { role, immich }, privately: true },
    });
  const right = { upstream: 'http://127.0.0.1:8765', token: 'machine-token' };

  it.each([
    ['no address', { token: 'machine-token' }],
    ['no token', { upstream: 'http://127.0.0.1:8765' }],
    ['a word that is no MAC', { ...right, mac: 'tower' }],
    ['an unknown name', { ...right, holds: 3 }],
    ['a machine learning without an address', { ...right, ocrUrl: 'immich' }],
    ['an address that is none', { ...right, allowed: ['nas.lan'] }],
    ['a hold that is longer than Immich waits', { ...right, holdSeconds: 301 }],
  ])('refuses %s', (_, immich) => {
    expect(() => read(immich)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });

  it('needs the role runner', () => {
    expect(() => read(right, ['relay'])).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
    expect(read(right).immich).toMatchObject({
      port: 3003,
      holdSeconds: 240,
      allowed: [],
      mac: null,
      ocrUrl: null,
    });
    const ocrUrl = 'http://127.0.0.1:3004/';
    expect(read({ ...right, ocrUrl }).immich).toMatchObject({ ocrUrl: 'http://127.0.0.1:3004' });
  });
});
