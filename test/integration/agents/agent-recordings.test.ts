/**
 * The present core and agent against what earlier versions said. After a change of the contract, raise
 * `agentProtocol.newest` (shared/contract/agent/protocol.ts) and record: PILOTLIGHT_RECORD=1 with this file.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { openUpdateStore } from '../../../electron/agent/update/store.ts';
import type { SignedRelease } from '../../../electron/core/ports/agents.ts';
import {
  agentProtocol,
  formatProtocol,
  PROTOCOL_HEADER,
  unsaidProtocol,
} from '../../../shared/contract/agent/protocol.ts';
import { startTestAgent } from '../../fakes/agent-host.ts';
import {
  type AgentRecording,
  contractShape,
  converse,
  type RecordedExchange,
  readRecordings,
  recordedProgram,
  recordedToken,
  recordingFile,
  startRecorder,
  startReplay,
} from '../../fakes/agent-recording.ts';
import { agentFile, aRelease, createSigner } from '../../fakes/releases.ts';

const http = createNodeHttp();
afterAll(() => http.close());
const signal = AbortSignal.timeout(50_000);
const config = {
  role: ['relay', 'power', 'telemetry'],
  allowMac: ['02:00:00:00:00:09'],
  broadcast: ['127.255.255.255'],
  restartOllama: true,
};

/** With all that a conversation needs; `key` signs its updates. */
async function presentAgent(key: string) {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-'));
  writeFileSync(join(folder, 'token'), `${recordedToken}\n`, { mode: 0o600 });
  const store = openUpdateStore({ folder: join(folder, 'updates'), keys: [key], os: 'linux', arch: 'x64' });
  const update = { way: 'panel' as const, os: 'linux', arch: 'x64', store, installed: '1.2.3', start() {} };
  const agent = await startTestAgent({ config, folder, update });
  return {
    ...agent,
    async [Symbol.asyncDispose]() {
      await agent.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const noRelease: SignedRelease = { manifest: '', signature: '' };
const connect = (url: string) => createAgentLink({ http, url, token: recordedToken });
const codeOf = ({ exchanges }: Pick<AgentRecording, 'exchanges'>): string =>
  JSON.parse(exchanges.find(({ request }) => request.path === '/v1/pair')?.request.body ?? '{}').code ?? '';

async function record(): Promise<AgentRecording> {
  const signer = createSigner();
  const release = aRelease(signer, '1.3.0', [agentFile(Buffer.from(recordedProgram))]);
  await using agent = await presentAgent(signer.key);
  await using recorder = await startRecorder(agent.url);
  const { code } = await agent.openPairing();
  const protocol = agentProtocol.newest;
  const results = await converse(connect(recorder.url), { code, signal, protocol, release });
  const { exchanges } = recorder;
  const update = { release, key: signer.key };
  return { protocol, token: recordedToken, update, exchanges, results, contract: contractShape() };
}

/** The fields of a JSON text and their kinds, so that two can be compared without their values. */
function kindsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => kindsIn(one, `${path}[]`)))];
  if (typeof value !== 'object' || value === null)
    return [`${path}: ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([key, one]) => kindsIn(one, `${path}.${key}`));
}
const kindsOf = ({ body }: RecordedExchange['reply']) =>
  body.startsWith('{') ? kindsIn(JSON.parse(body)).sort() : body.match(/^event: \w+$/gm);
const callOf = ({ request }: RecordedExchange) => `${request.method} ${request.path}`;

describe.runIf(process.env.PILOTLIGHT_RECORD !== undefined)('recorder', () => {
  it('records the present version', async () => {
    const recording = await record();
    writeFileSync(recordingFile(recording.protocol), `${JSON.stringify(recording, null, 2)}\n`);
  });
});

describe.runIf(process.env.PILOTLIGHT_RECORD === undefined)('the present version', () => {
  it('has a recording, and every version before it that is still spoken', () => {
    const versions = readRecordings().map(({ protocol }) => protocol);
    const { oldest, newest } = agentProtocol;
    expect(versions).toEqual(Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index));
  });

  it('has the contract of its recording: another one is a new version', () => {
    expect(contractShape()).toEqual(readRecordings().at(-1)?.contract);
  });

  it('says what its recording says: another answer is a new version', async () => {
    const [recorded, now] = [readRecordings().at(-1), await record()];
    const said = (recording: AgentRecording | undefined) =>
      recording?.exchanges.map((one) => [callOf(one), one.reply.status, kindsOf(one.reply)]);
    expect(said(now)).toEqual(said(recorded));
  });
});

const recordings = readRecordings().map((recording) => [recording.protocol, recording] as const);

describe.each(recordings)('an agent of version %i', (protocol, recording) => {
  const release = recording.update?.release ?? noRelease;
  const conversation = { code: codeOf(recording), signal, protocol, release };

  it('gets the same bytes from the present core, and is understood', async () => {
    await using agent = await startReplay(recording);
    const results = await converse(connect(agent.url), conversation);
    expect(agent.sent).toEqual(recording.exchanges.map(({ request }) => request));
    // What a version before this one could not say has a meaning.
    const unsaid = { health: { protocol: unsaidProtocol } };
    expect(results).toMatchObject(protocol === 1 ? { ...recording.results, ...unsaid } : recording.results);
  });

  it('may say more than the core knows', async () => {
    const more = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(more);
      if (typeof value !== 'object' || value === null) return value;
      const fields = Object.entries(value).map(([key, one]) => [key, more(one)]);
      return { ...Object.fromEntries(fields), somethingNew: { more: [1] } };
    };
    const change = (body: string) =>
      body.startsWith('{')
        ? JSON.stringify(more(JSON.parse(body)))
        : body.replaceAll(/^data: (.*)$/gm, (_, data) => `data: ${JSON.stringify(more(JSON.parse(data)))}`);
    await using agent = await startReplay(recording, change);
    expect(await converse(connect(agent.url), conversation)).toMatchObject(
      Object.fromEntries(Object.entries(recording.results).filter(([name]) => name !== 'health')),
    );
  });

  it('may have values that the core does not know', async () => {
    const change = (body: string) =>
      body
        .replaceAll(/"(?:shutdown|hibernate)"/g, '"levitate"')
        .replaceAll('"idle"', '"dreaming"')
        .replaceAll('"nvidia"', '"abacus"')
        .replaceAll('"cancelled"', '"forgotten"')
        .replaceAll('"do":"stay"', '"do":"linger"');
    await using agent = await startReplay(recording, change);
    const results = await converse(connect(agent.url), conversation);
    expect(results).toMatchObject({
      // Something goes on there, and it is not known what.
      power: { phase: 'acting', current: null, actions: ['sleep', 'restart'] },
      cancelPowerOff: { last: null },
      machine: { sample: { gpus: [{ vendor: 'unknown' }] } },
      policy: { remainingMs: null },
    });
  });
});

describe.each(recordings)('a core of version %i', (_protocol, recording) => {
  it('gets from the present agent what it got then, and maybe more', async () => {
    await using agent = await presentAgent(recording.update?.key ?? '');
    const { code } = await agent.openPairing();
    for (const exchange of recording.exchanges) {
      const { method, path, body } = exchange.request;
      if (path === '/v1/telemetry/stream') continue;
      const sent = body.replace(codeOf(recording), code);
      const response = await fetch(agent.url + path, {
        method,
        headers: { authorization: `Bearer ${recording.token}` },
        ...(body === '' ? {} : { body: sent }),
      });
      const text = await response.text();
      expect([callOf(exchange), response.status]).toEqual([callOf(exchange), exchange.reply.status]);
      const kinds = kindsOf({ status: 0, type: '', body: text }) ?? [];
      expect(kinds, callOf(exchange)).toEqual(expect.arrayContaining([...(kindsOf(exchange.reply) ?? [])]));
    }
  });
});

describe('versions without one in common', () => {
  it('are refused by the agent, with which of them is too old', async () => {
    await using agent = await presentAgent('');
    const ask = async (range: string, path = '/v1/power') => {
      const headers = { authorization: `Bearer ${recordedToken}`, [PROTOCOL_HEADER]: range };
      const response = await fetch(agent.url + path, { headers });
      return [response.status, ((await response.json()) as { error?: { code: string } }).error?.code];
    };
    const { oldest, newest } = agentProtocol;
    expect(await ask(formatProtocol({ oldest: newest + 1, newest: newest + 3 }))).toEqual([
      426,
      'AGENT_TOO_OLD',
    ]);
    expect(await ask(formatProtocol({ oldest, newest: newest + 3 }))).toEqual([200, undefined]);
    expect(await ask('next')).toEqual([400, 'BAD_REQUEST']);
    // Who it is stays readable, or nobody could say what is wrong.
    expect(await ask(formatProtocol({ oldest: newest + 1, newest: newest + 1 }), '/health')).toEqual([
      200,
      undefined,
    ]);
  });
});
