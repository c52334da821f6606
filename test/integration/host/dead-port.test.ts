/** A core was killed, and another program has its port: no client hands that program the token. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCoreClient, findRunningCore } from '../../../electron/host/core-client.ts';
import { endpointPath, readEndpoint } from '../../../electron/host/endpoint.ts';
import { localPaths } from '../../../shared/contract/link.ts';
import { runCli } from '../../fakes/cli.ts';
import { type Answer, httpAnswer, startRecorder } from '../../fakes/recorder.ts';
import { createPrograms } from './program.ts';

let folder = '';
const data = () => join(folder, 'data');
const { launch, stop } = createPrograms(data);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-dead-'));
  mkdirSync(data());
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

const challenge = { challenge: 'a-challenge-that-it-made-up', proof: 'and-a-proof' };
const madeUp: Answer = () => httpAnswer(challenge);

/** A core that was killed; its endpoint file is still there. */
async function killed() {
  const { child, exit, ready } = launch();
  await ready();
  const endpoint = readEndpoint(data());
  child.kill('SIGKILL');
  await exit;
  if (endpoint === null) throw new Error('There is no endpoint file.');
  expect(existsSync(endpointPath(data()))).toBe(true);
  return { endpoint, port: Number(new URL(endpoint.url).port) };
}

function expectNothingOfUse(heard: string, token: string): void {
  expect(heard).toContain(localPaths.challenge);
  expect(heard).not.toContain(token);
  expect(heard).not.toContain(localPaths.call);
  expect(heard.toLowerCase()).not.toContain('authorization');
}

describe('the port of a killed core is taken', () => {
  it('and the command line sends nothing of use, and says that Pilotlight is not running', async () => {
    const { endpoint, port } = await killed();
    await using recorder = await startRecorder(port, madeUp);
    const { code, out, err } = await runCli('cli', ['open', '--data', data()]);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(/^NOT_RUNNING: .+\n {2}.+/);
    expectNothingOfUse(recorder.heard(), endpoint.token);
  });

  it.each([
    ['answers nothing', () => null],
    ['answers a challenge that it made up', madeUp],
    ['claims to be busy', () => httpAnswer({ code: 'SERVER_BUSY' }, '503 Service Unavailable')],
    ['wants the token', () => httpAnswer({ code: 'UNAUTHORIZED' }, '401 Unauthorized')],
  ] as [string, Answer][])('and no core is found where a program %s', async (_, answer) => {
    const { endpoint, port } = await killed();
    await using recorder = await startRecorder(port, answer);
    expect(await findRunningCore(data())).toBeNull();
    await expect(createCoreClient(endpoint).oneTimeUrl()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expectNothingOfUse(recorder.heard(), endpoint.token);
  });

  it('and a new start takes another port, and tells that program nothing', async () => {
    const { endpoint, port } = await killed();
    await using recorder = await startRecorder(port, madeUp);
    const second = launch();
    expect((await second.ready()).port).not.toBe(port);
    expect(second.output.out).not.toContain('already running');
    expectNothingOfUse(recorder.heard(), endpoint.token);
    const client = await findRunningCore(data());
    expect(client?.endpoint.pid).toBe(second.child.pid);
    expect(await client?.oneTimeUrl()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/);
  });
});

describe('a running core', () => {
  it('answers local calls with its own errors, and long ones whole', async () => {
    const { ready } = launch('--simulate');
    await ready();
    const client = await findRunningCore(data());
    if (client === null) throw new Error('No core was found.');
    await expect(client.call('power.wake', { nodeId: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await client.call('fleet.list', {})).length).toBeGreaterThan(1);
    // As much as the HTTP API takes, although it is longer when it is sealed.
    const long = client.call('power.wake', { nodeId: 'x'.repeat(1_000_000) });
    await expect(long).rejects.toMatchObject({ code: expect.stringMatching(/^(BAD_REQUEST|NOT_FOUND)$/) });
  });

  it('refuses a call that was not sealed for it, and keeps serving', async () => {
    const { ready } = launch();
    const { url } = await ready();
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    const nonce = 'a-nonce-of-twenty-letters';
    const offer = await post(localPaths.challenge, { nonce });
    const { challenge: offered } = (await offer.json()) as { challenge: string };
    expect((await post(localPaths.call, { challenge: offered, sealed: 'x' })).status).toBe(401);
    expect((await post(localPaths.challenge, { nonce: 7 })).status).toBe(400);
    expect((await post(localPaths.challenge, { nonce }, { origin: 'http://evil.example' })).status).toBe(403);
    const { token } = JSON.parse(readFileSync(endpointPath(data()), 'utf8')) as { token: string };
    const bearer = await post('/api/call/core.status', {}, { authorization: `Bearer ${token}` });
    expect(bearer.status).toBe(200);
  });
});
