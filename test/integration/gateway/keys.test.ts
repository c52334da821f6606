import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TableCredential } from '../../../electron/core/gateway/model.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { answerJson, model, node, startGateway, startUpstream } from '../../fakes/data-plane.ts';
import { gatewayTable } from '../../fakes/gateway-table.ts';

const credential = (secret: string, own: Partial<TableCredential> = {}): TableCredential => ({
  id: `id-${secret}`,
  kind: 'program',
  name: secret,
  rights: ['infer'],
  digest: createHash('sha256').update(secret).digest(),
  origin: null,
  endsAt: null,
  revoked: false,
  models: null,
  requestsPerMinute: null,
  ...own,
});

const keys = [
  credential('good'),
  credential('narrow', { models: ['m', 'other*'] }),
  credential('slow', { requestsPerMinute: 2 }),
  credential('viewer', { rights: ['view'] }),
  credential('owner', { rights: ['control', 'infer'] }),
  credential('gone', { revoked: true }),
  credential('old', { endsAt: 1 }),
];

async function world({ keyOnLoopback = true } = {}) {
  const clock = createFakeClock();
  const server = await startUpstream((_, response) => answerJson(response, { done: true }));
  const table = gatewayTable(
    [node('one', server.url, { installed: [model(), model('secret:latest'), model('other:7b')] })],
    { keyOnLoopback, managementNodeId: 'one' },
  );
  const gateway = await startGateway({ ...table, credentials: keys }, { clock });
  const generate = (secret: string | null, own: Record<string, unknown> = {}, name = 'm') =>
    gateway.ask('/api/generate', {
      body: { model: name, prompt: 'x', stream: false },
      headers: secret === null ? {} : { authorization: `Bearer ${secret}` },
      ...own,
    });
  return {
    clock,
    server,
    gateway,
    generate,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const codeOf = ({ headers }: { headers: Record<string, unknown> }) => headers['x-pilotlight-error'];

describe('a key', () => {
  it.each(['authorization', 'x-api-key', 'path'])('in %s is accepted and never sent on', async (place) => {
    await using all = await world();
    const body = { model: 'm', prompt: 'x', stream: false };
    const answer =
      place === 'path'
        ? await all.gateway.ask('/k/good/api/generate', { body })
        : await all.gateway.ask('/api/generate', {
            body,
            headers: { cookie: 'a=good', [place]: place === 'authorization' ? 'Bearer good' : 'good' },
          });
    expect(answer.status).toBe(200);
    expect(all.server.asked[0]?.path).toBe('/api/generate');
    expect(JSON.stringify(all.server.asked)).not.toContain('good');
    await all.clock.advance(250);
    expect(all.gateway.events).toContainEqual({ kind: 'used', credentialIds: ['id-good'] });
    expect(all.gateway.finished()[0]).toMatchObject({ credentialId: 'id-good', path: '/api/generate' });
  });

  it.each([null, 'wrong', 'gone', 'old'])('%s is refused', async (secret) => {
    await using all = await world();
    const answer = await all.generate(secret);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'GATEWAY_KEY_NEEDED']);
    expect(all.server.asked).toEqual([]);
  });

  it('is not needed on this computer by default, whatever a program sends', async () => {
    await using all = await world({ keyOnLoopback: false });
    for (const secret of [null, 'ollama', 'gone']) expect((await all.generate(secret)).status).toBe(200);
  });

  it('is slowed down when it is guessed, also when the guess is right', async () => {
    await using all = await world();
    for (let count = 0; count < 3; count += 1) expect((await all.generate('wrong')).status).toBe(401);
    const answer = await all.generate('good');
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '1']);
    await all.clock.advance(1000);
    expect((await all.generate('good')).status).toBe(200);
  });

  it('may use only its models', async () => {
    await using all = await world();
    expect((await all.generate('narrow')).status).toBe(200);
    expect((await all.generate('narrow', {}, 'other:7b')).status).toBe(200);
    const answer = await all.generate('narrow', {}, 'secret');
    expect([answer.status, codeOf(answer)]).toEqual([403, 'MODEL_NOT_ALLOWED']);
    // The last of two counts at the server, too.
    const twice = await all.generate('narrow', { body: '{"model":"m","Model":"secret","stream":false}' });
    expect(twice.status).toBe(403);
    const tags = await all.gateway.ask('/k/narrow/api/tags', { method: 'GET' });
    expect((tags.json() as { models: { name: string }[] }).models.map(({ name }) => name)).toEqual([
      'm:latest',
      'other:7b',
    ]);
  });

  it('has its requests a minute', async () => {
    await using all = await world();
    const statuses = [];
    for (let count = 0; count < 3; count += 1) statuses.push((await all.generate('slow')).status);
    expect(statuses).toEqual([200, 200, 429]);
    await all.clock.advance(30_000);
    expect((await all.generate('slow')).status).toBe(200);
  });

  it('needs the right for what it asks', async () => {
    await using all = await world();
    expect(codeOf(await all.generate('viewer'))).toBe('GATEWAY_RIGHT_MISSING');
    const pull = (secret: string) =>
      all.gateway.ask('/api/pull', { body: { model: 'x' }, headers: { authorization: `Bearer ${secret}` } });
    expect((await pull('good')).status).toBe(403);
    expect((await pull('owner')).status).toBe(200);
  });
});
