import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLocalCalls } from '../../../electron/adapters/http/local-calls/server.ts';
import { AgentError } from '../../../electron/agent/errors.ts';
import { callInTheClear, callLocal } from '../../../electron/agent/local-client.ts';
import { agentApi } from '../../../shared/contract/agent.ts';

const token = 'the-token-of-this-agent-which-is-long';

interface Reply {
  status: number;
  body: unknown;
}

/** A server whose address is in the folder. It has the token, or answers in the clear. */
async function createPlace(reply: (path: string) => Reply, sealed = true) {
  const calls = createLocalCalls({ token, monotonic: () => 0 });
  const folder = await mkdtempDisposable(join(tmpdir(), 'pilotlight-local-'));
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = JSON.parse(text);
    const send = ({ status, body: answer }: Reply) =>
      response.writeHead(status).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    if (!sealed) return send(reply(request.url ?? ''));
    if (request.url === agentApi.localChallenge.path)
      return send({ status: 200, body: calls.challenge(body) });
    const opened = calls.open(body);
    if (opened === null) return send({ status: 401, body: {} });
    const { path } = opened.call as { path: string };
    return send({ status: 200, body: opened.answer(reply(path)) });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const listening = [{ roles: ['power'], address: '127.0.0.1', port }];
  await writeFile(join(folder.path, 'listening.json'), JSON.stringify(listening));
  return {
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await folder.remove();
    },
  };
}

test('a refusal of the local agent keeps its code and its next step', async () => {
  await using place = await createPlace((path) => ({
    status: 429,
    body:
      path === '/slow'
        ? new AgentError('SLOW_DOWN').toBody()
        : { error: { code: 'toString', message: 'What?', next: 'That.' } },
  }));
  const call = (path: string) => callLocal(place.folder, { ...agentApi.health, path }, { token });
  await expect(call('/slow')).rejects.toMatchObject({
    code: 'SLOW_DOWN',
    next: expect.stringContaining('Wait'),
  });
  await expect(call('/else')).rejects.toMatchObject({ code: 'INTERNAL', message: 'What?' });
});

test('an answer that does not fit the contract is not of an agent', async () => {
  await using place = await createPlace(() => ({ status: 200, body: { code: 7 } }));
  await expect(callLocal(place.folder, agentApi.openPairing, { token })).rejects.toMatchObject({
    code: 'NOT_RUNNING',
  });
});

test.each([
  ['a refusal', { status: 429, body: new AgentError('SLOW_DOWN').toBody() }],
  ['an answer', { status: 200, body: { code: '123456', lines: [], secondsLeft: 600 } }],
  ['a page', { status: 200, body: '<html>' }],
])('%s in the clear is not believed', async (_, reply) => {
  await using place = await createPlace(() => reply, false);
  await expect(callLocal(place.folder, agentApi.openPairing, { token })).rejects.toMatchObject({
    code: 'NOT_RUNNING',
    message: expect.stringContaining('was not sent'),
  });
});

test.each([
  ['{"phase":', 'NOT_RUNNING'],
  ['7', 'NOT_RUNNING'],
  ['{"phase":"idle"}', null],
])('a request in the clear reads %j as %s', async (body, code) => {
  await using place = await createPlace(() => ({ status: 200, body }), false);
  const answer = callInTheClear(place.folder, agentApi.cancelHere, { key: 'k' });
  if (code === null) expect(await answer).toEqual({ phase: 'idle' });
  else await expect(answer).rejects.toMatchObject({ code });
});

test('nothing is sent without the address of an agent', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'pilotlight-local-'));
  await expect(callLocal(folder.path, agentApi.policy, { token })).rejects.toMatchObject({
    code: 'NOT_RUNNING',
  });
});
