/** From the last need of a machine to its being off, by the real agent and by existing shutdown servers. */

import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../electron/core/ports/time.ts';
import { fact } from '../../../shared/models/message.ts';
import { startHttpServer } from '../../fakes/bad-server.ts';
import { createFlyingClock, startMachine, startOllama, startPanel } from './power-machine.ts';

const signal = AbortSignal.timeout(300_000);
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function aPanel(clock: Clock, name?: string) {
  const panel = await startPanel({ clock, ...(name === undefined ? {} : { name }) });
  ends.push(panel.stop);
  return panel;
}

async function aMachine(clock: Clock) {
  const machine = await startMachine(clock);
  ends.push(machine.goOff);
  return machine;
}

const soonOff = {
  powerOff: 'when-woken',
  idleMinutes: 1,
  countdownSeconds: 30,
  respectUsers: false,
} as const;

/** A panel that knows the machine, has reached its agent, and laid down its policy. */
async function add(
  panel: Awaited<ReturnType<typeof aPanel>>,
  { ollamaUrl, agent }: Awaited<ReturnType<typeof aMachine>>,
) {
  const { id } = panel.fleet.add({
    name: 'tower',
    url: ollamaUrl,
    agentUrl: agent.url,
    agentToken: agent.token,
  });
  panel.shutdown.setPolicy(id, soonOff);
  await panel.until(id, (power) => power.agent?.state === 'ok', 'the agent is reached');
  return id;
}

/** As another panel, or a script. */
async function leaseAt(
  { url, token }: { url: string; token: string },
  method: 'PUT' | 'DELETE',
  id: string,
  body?: object,
) {
  const headers = { authorization: `Bearer ${token}` };
  const reply = await fetch(`${url}/v1/leases/${id}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(reply.ok).toBe(true);
}

describe('a machine with an agent', () => {
  it('is held by a job at its agent too, and powers itself off when the job is over', async () => {
    const clock = createFlyingClock(20);
    const machine = await aMachine(clock);
    const panel = await aPanel(clock);
    const id = await add(panel, machine);
    const lease = panel.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    panel.woke(id);
    const held = await panel.until(
      id,
      (power) => power.leases[0]?.mirrored === true && power.wokenByUs === true,
      'the agent holds the lease and knows who woke it',
    );
    expect(held).toMatchObject({ means: 'agent', offAt: null, idleSince: null });
    expect(held.whyOn).toEqual([
      fact('LEASE_HELD', { holder: 'Pilotlight on laptop', purpose: 'index "Notes"' }),
    ]);
    await expect(
      panel.shutdown.powerOff({ nodeId: id, force: false, countdownSeconds: 0 }, signal),
    ).rejects.toMatchObject({ code: 'IN_USE' });

    lease[Symbol.dispose]();
    await panel.until(id, (power) => power.countdown !== null, 'the agent counts down');
    expect(await machine.went).toBe('PowerOff');
    await panel.fleet.waitFor(id, (node) => node.state === 'off', signal);
    await panel.until(id, (power) => power.whyOn.length === 0 && power.leaving === null, 'it has gone');
    expect(panel.shutdown.get(id)).toMatchObject({ lastOffError: null, wokenByUs: null });
  });

  it('stays on for a second panel, until that is done', async () => {
    const clock = createFlyingClock(20);
    const machine = await aMachine(clock);
    const [one, two] = [await aPanel(clock), await aPanel(clock, 'Pilotlight on desktop')];
    const [idOne, idTwo] = [await add(one, machine), await add(two, machine)];
    const here = one.leases.ledger.hold({ nodeId: idOne, kind: 'job', purpose: 'index "Notes"' });
    const there = two.leases.ledger.hold({ nodeId: idTwo, kind: 'job', purpose: 'index "Mail"' });
    one.woke(idOne);
    for (const [panel, id] of [
      [one, idOne],
      [two, idTwo],
    ] as const) {
      await panel.until(id, (power) => power.leases[0]?.mirrored === true, 'the lease is mirrored');
    }
    here[Symbol.dispose]();
    const kept = await one.until(
      idOne,
      (power) =>
        power.leases.length === 1 &&
        power.whyOn.some(({ code, params }) => code === 'LEASE_HELD' && params.purpose === 'index "Mail"'),
      'the other holder is named here',
    );
    expect(kept).toMatchObject({ leases: [{ origin: 'elsewhere' }], offAt: null, countdown: null });
    there[Symbol.dispose]();
    expect(await machine.went).toBe('PowerOff');
  });

  it('ends a lease of another panel where a person wants that', async () => {
    const clock = createFlyingClock(20);
    const machine = await aMachine(clock);
    const panel = await aPanel(clock);
    const id = await add(panel, machine);
    await leaseAt(machine.agent, 'PUT', 'gone-panel', {
      holder: 'Ben',
      purpose: 'a job',
      ttlSeconds: 86_400,
    });
    await panel.agents.refresh(id);
    expect(panel.shutdown.get(id).leases).toMatchObject([{ id: 'gone-panel', origin: 'elsewhere' }]);
    await panel.leases.release(id, 'gone-panel', signal);
    expect(await panel.agents.link(id)?.leases(signal)).toEqual([]);
  });

  it('says at once, with the reason, when the machine cannot do what it was told', async () => {
    const clock = createFlyingClock(1);
    const machine = await aMachine(clock);
    machine.host.run = () => Promise.reject(new Error('Interactive authentication required.'));
    const panel = await aPanel(clock);
    const id = await add(panel, machine);
    await panel.shutdown.powerOff({ nodeId: id, force: false, countdownSeconds: 0 }, signal);
    const stayed = await panel.until(id, (power) => power.lastOffError !== null, 'it is told');
    expect(stayed).toMatchObject({
      leaving: null,
      lastOffError: {
        code: 'NOT_PERMITTED',
        message: 'Its agent says: Interactive authentication required.',
      },
    });
  });

  it('stays on after a person cancelled, and goes when it was needed once more', async () => {
    const clock = createFlyingClock(20);
    const machine = await aMachine(clock);
    const panel = await aPanel(clock);
    const id = await add(panel, machine);
    panel.woke(id);
    await panel.until(id, (power) => power.countdown !== null, 'the agent counts down');
    await panel.shutdown.cancelPowerOff(id, signal);
    const kept = await panel.until(
      id,
      (power) => power.whyOn.some(({ code }) => code === 'IDLE_KEPT_ON'),
      'it says that it stays on',
    );
    expect(kept).toMatchObject({ countdown: null, offAt: null });
    expect((await panel.agents.link(id)?.policy(signal))?.keptOn).toBe(true);

    const lease = panel.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await panel.until(id, (power) => power.leases[0]?.mirrored === true, 'the lease is mirrored');
    lease[Symbol.dispose]();
    expect(await machine.went).toBe('PowerOff');
  });

  it('lets the lease of a panel that was killed run out, and goes', async () => {
    const clock = createFlyingClock(20);
    const machine = await aMachine(clock);
    const panel = await startPanel({ clock });
    const id = await add(panel, machine);
    panel.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    panel.woke(id);
    await panel.until(
      id,
      (power) => power.leases[0]?.mirrored === true && power.wokenByUs === true,
      'the lease is mirrored',
    );
    await panel.kill();
    expect(await machine.went).toBe('PowerOff');
  });

  it('is told by a person, and watched until it is off', async () => {
    const clock = createFlyingClock(20);
    const machine = await aMachine(clock);
    const panel = await aPanel(clock);
    const id = await add(panel, machine);
    const told = await panel.shutdown.powerOff(
      { nodeId: id, action: 'sleep', force: false, countdownSeconds: 0 },
      signal,
    );
    expect(told.leaving).toMatchObject({ action: 'sleep' });
    expect(await machine.went).toBe('Suspend');
    await panel.until(id, (power) => power.leaving === null, 'it has gone');
    expect(panel.entries.map(({ message }) => message.code)).toContain('NODE_IS_OFF');
    expect(panel.shutdown.get(id).lastOffError).toBeNull();
  });
});

describe('a machine with an existing shutdown server', () => {
  /** Exactly as they answer: the secret, one path, and then the machine goes. */
  async function existing(shape: 'new' | 'old') {
    const ollama = await startOllama();
    ends.push(() => ollama[Symbol.asyncDispose]());
    const server = await startHttpServer((request, response) => {
      const say = (status: number, body: object) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      };
      if (request.url === '/health') return say(200, { status: 'ok', service: 'gpu-shutdown' });
      if (request.method !== 'POST' || request.url !== '/shutdown') return say(404, { error: 'Not found' });
      if (request.headers.authorization !== 'Bearer s3cret') {
        return say(401, { error: shape === 'new' ? 'Unauthorized' : 'unauthorized' });
      }
      say(
        200,
        shape === 'new' ? { success: true, message: 'Shutting down now' } : { status: 'shutting_down' },
      );
      void ollama[Symbol.asyncDispose]();
    });
    ends.push(() => server[Symbol.asyncDispose]());
    return { ollama, server };
  }

  async function known(ollamaUrl: string, shutdownUrl: string, shutdownSecret = 's3cret') {
    const clock = createFlyingClock(20);
    const panel = await aPanel(clock);
    const { id } = panel.fleet.add({ name: 'tower', url: ollamaUrl, shutdownUrl, shutdownSecret });
    await panel.until(id, (power) => power.whyOn.length > 0, 'it serves');
    return { panel, id };
  }

  const off = { force: false, countdownSeconds: 0 };

  it.each(['new', 'old'] as const)('of the %s shape: goes off when nobody needs it', async (shape) => {
    const { ollama, server } = await existing(shape);
    const { panel, id } = await known(ollama.url, `${server.url}/shutdown`);
    panel.shutdown.setPolicy(id, { ...soonOff, powerOff: 'always' });
    const lease = panel.leases.ledger.hold({ nodeId: id, kind: 'job', purpose: 'index "Notes"' });
    await expect(panel.shutdown.powerOff({ ...off, nodeId: id }, signal)).rejects.toMatchObject({
      code: 'IN_USE',
    });
    expect(server.requests()).toBe(0);
    lease[Symbol.dispose]();
    await panel.until(id, (power) => power.countdown !== null, 'the core counts down');
    await panel.fleet.waitFor(id, (node) => node.state === 'off', signal);
    await panel.until(id, (power) => power.leaving === null, 'it has gone');
    expect(server.requests()).toBe(1);
    expect(panel.entries.map(({ message }) => message.code)).toContain('NODE_IS_OFF');
  });

  it('refuses a wrong secret, and nothing was changed', async () => {
    const { ollama, server } = await existing('new');
    const { panel, id } = await known(ollama.url, server.url, 'wrong');
    await expect(panel.shutdown.powerOff({ ...off, nodeId: id }, signal)).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
    });
    expect(panel.shutdown.get(id).leaving).toBeNull();
  });

  it.each([
    ['200 with success false', 200, '{"success":false,"message":"sudo: a password is required"}', 'password'],
    ['a web page', 200, '<html><h1>It works!</h1></html>', 'not a shutdown server'],
    ['nothing', 200, '', 'sent an empty answer'],
    ['an error', 500, '{"error":"boom"}', 'boom'],
  ])('%s is an error that says so', async (_, status, body, words) => {
    const ollama = await startOllama();
    ends.push(() => ollama[Symbol.asyncDispose]());
    const server = await startHttpServer((_request, response) => {
      response.writeHead(status).end(body);
    });
    ends.push(() => server[Symbol.asyncDispose]());
    const { panel, id } = await known(ollama.url, server.url);
    await expect(panel.shutdown.powerOff({ ...off, nodeId: id }, signal)).rejects.toMatchObject({
      code: 'AGENT_ERROR',
      message: expect.stringContaining(words),
    });
    expect(panel.shutdown.get(id).leaving).toBeNull();
  });

  it('that goes before it has answered is watched all the same', async () => {
    const ollama = await startOllama();
    const server = await startHttpServer((request) => {
      request.socket.destroy();
      void ollama[Symbol.asyncDispose]();
    });
    ends.push(() => server[Symbol.asyncDispose]());
    const { panel, id } = await known(ollama.url, server.url);
    expect((await panel.shutdown.powerOff({ ...off, nodeId: id }, signal)).leaving).not.toBeNull();
    await panel.until(id, (power) => power.leaving === null, 'it has gone');
    expect(panel.shutdown.get(id).lastOffError).toBeNull();
  });

  it('may be our own agent, which names what speaks against it', async () => {
    const machine = await aMachine(createFlyingClock(20));
    const { panel, id } = await known(machine.ollamaUrl, machine.agent.url, machine.agent.token);
    await leaseAt(machine.agent, 'PUT', 'game', { holder: 'Ann', purpose: 'a game', ttlSeconds: 3600 });
    await expect(panel.shutdown.powerOff({ ...off, nodeId: id }, signal)).rejects.toMatchObject({
      code: 'IN_USE',
      details: { reasons: ['Ann needs it: a game.'] },
    });
    await leaseAt(machine.agent, 'DELETE', 'game');
    await panel.shutdown.powerOff({ ...off, nodeId: id }, signal);
    expect(await machine.went).toBe('PowerOff');
  });
});
