import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createPlace, startAgent } from './process.ts';
import { createWorld } from './world.ts';

const policy = { finishAlone: true };
const one = 'http://192.0.2.1:8770/hello';
const other = 'https://panel.example:8770/hello';

describe('the awake announcement', () => {
  it('is sent at the start to the panels that asked for it, with a proof by the token', async () => {
    await using world = await createWorld();
    expect(world.posts).toEqual([]);
    await world.call('PUT', '/v1/policies/panel-1', { ...policy, helloUrl: one });
    await world.call('PUT', '/v1/policies/panel-2', { ...policy, helloUrl: other });
    await world.call('PUT', '/v1/policies/panel-3', policy);
    await world.call('PUT', '/v1/policies/panel-4', { ...policy, helloUrl: one });
    expect((await world.call('GET', '/v1/policy')).body).toMatchObject({
      policies: [{ helloUrl: one }, { helloUrl: other }, { helloUrl: null }, { helloUrl: one }],
    });
    await world.restart();
    await world.clock.flush();
    expect(world.posts.map(({ url }) => url).sort()).toEqual([one, other].sort());
    for (const { body } of world.posts) {
      const { agent, bootId, nonce, proof } = body;
      expect({ agent, bootId }).toEqual({ agent: world.id(), bootId: 'boot-1' });
      const expected = createHmac('sha256', world.token).update(`${agent}:${bootId}:${nonce}`).digest('hex');
      expect(proof).toBe(expected);
    }
    expect(new Set(world.posts.map(({ body }) => body.nonce)).size).toBe(2);
    expect((await world.call('GET', '/health')).body.id).toBe(world.id());
    await world.clock.advance(3_600_000);
    expect(world.posts).toHaveLength(2);
  });

  it('is sent again after a sleep, and not to a forgotten panel', async () => {
    await using world = await createWorld();
    await world.call('PUT', '/v1/policies/panel-1', { ...policy, helloUrl: one });
    world.machine.sleptSeconds += 3600;
    await world.clock.advance(5_000);
    expect(world.posts).toHaveLength(1);
    await world.call('DELETE', '/v1/policies/panel-1');
    world.machine.sleptSeconds += 3600;
    await world.clock.advance(60_000);
    expect(world.posts).toHaveLength(1);
  });

  it('is retried for two minutes without an answer, then given up', async () => {
    await using world = await createWorld();
    await world.call('PUT', '/v1/policies/panel-1', { ...policy, helloUrl: one });
    world.panel.there = false;
    await world.restart();
    await world.clock.advance(120_000);
    const tries = world.posts.length;
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(20);
    await world.clock.advance(3_600_000);
    expect(world.posts).toHaveLength(tries);
    expect(world.said.filter((line) => line.includes('does not answer'))).toHaveLength(1);
  });

  it('ends when the panel answers or refuses, and is retried when it fails', async () => {
    await using world = await createWorld();
    await world.call('PUT', '/v1/policies/panel-1', { ...policy, helloUrl: one });
    world.panel.status = 503;
    await world.restart();
    await world.clock.advance(1_500);
    expect(world.posts).toHaveLength(2);
    world.panel.status = 401;
    await world.clock.advance(600_000);
    expect(world.posts).toHaveLength(3);
    expect(world.said.at(-1)).toBe(`announcement: ${one} answered 401`);
  });

  it('is sent over HTTP by the agent process at its next start', async () => {
    const heard: { path: string | undefined; body: Record<string, string> }[] = [];
    const panel = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        heard.push({ path: request.url, body: JSON.parse(text) as Record<string, string> });
        response.writeHead(204).end();
        panel.emit('heard');
      });
    }).listen(0, '127.0.0.1');
    await once(panel, 'listening');
    const url = `http://127.0.0.1:${(panel.address() as AddressInfo).port}/v1/hello`;
    using place = createPlace({ commands: { inhibit: ['cat'] } });
    try {
      await using first = await startAgent(place.folder, ['--role', 'power']);
      await first.call('PUT', '/v1/policies/panel-1', { ...policy, helloUrl: url });
      await first.stop('SIGKILL');
      const said = once(panel, 'heard');
      await using agent = await startAgent(place.folder, ['--role', 'power']);
      await said;
      const { id, bootId } = {
        ...(await agent.call('GET', '/health')).body,
        ...(await agent.call('GET', '/v1/policy')).body,
      } as unknown as { id: string; bootId: string };
      expect(heard).toHaveLength(1);
      expect(heard[0]?.path).toBe('/v1/hello');
      expect(heard[0]?.body).toMatchObject({ agent: id, bootId });
      const { nonce, proof } = heard[0]?.body ?? {};
      expect(createHmac('sha256', agent.token).update(`${id}:${bootId}:${nonce}`).digest('hex')).toBe(proof);
      expect(agent.log()).not.toContain(agent.token);
    } finally {
      panel.close();
    }
  });

  it.each([
    'ftp://192.0.2.1/',
    'http://name:word@192.0.2.1/',
    'file:///etc/passwd',
    '192.0.2.1',
    '',
    7,
    `http://192.0.2.1/${'x'.repeat(2000)}`,
  ])('is not promised to %j', async (helloUrl) => {
    await using world = await createWorld();
    const { status, body } = await world.call('PUT', '/v1/policies/panel-1', { ...policy, helloUrl });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 'BAD_REQUEST' } });
    expect((await world.call('GET', '/v1/policy')).body.policies).toEqual([]);
  });
});
