/** A whole core with its gateway and its runner: other programs, and tasks, have recordings heard by a model of the runner. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSystemClock } from '../../../electron/adapters/clock.ts';
import { createLocalRunner } from '../../../electron/host/runner.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { createAudioHandler } from '../../../electron/workers/tasks/handlers/audio.ts';
import { noMeans } from '../../../electron/workers/tasks/means.ts';
import type { MethodName, MethodParams, MethodResult } from '../../../shared/contract/methods.ts';
import { everyRight } from '../../../shared/rights.ts';
import { recording, writeSpeechModel } from '../../fakes/speech-model.ts';

let folder: string;
let host: Host;
let url: string;

const call = <Name extends MethodName>(method: Name, params: unknown): Promise<MethodResult<Name>> =>
  host.dispatcher.call({
    method,
    params: params as MethodParams<Name>,
    scopes: everyRight,
    signal: AbortSignal.timeout(60_000),
  }) as Promise<MethodResult<Name>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-speech-gateway-'));
  host = await startHost({
    dataFolder: join(folder, 'data'),
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    checkResults: true,
    localRunner: createLocalRunner,
    gateway: { port: 0 },
  });
  const opened = await host.openGateway();
  if (opened.url === null) throw new Error('The gateway does not listen.');
  url = opened.url;
});
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function transcribe(model: string, file: Buffer) {
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(file)]), 'speech.wav');
  form.append('model', model);
  const response = await fetch(`${url}/v1/audio/transcriptions`, { method: 'POST', body: form });
  return { status: response.status, body: await response.json() };
}
const modelNames = async () =>
  ((await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] }).data.map(({ id }) => id);

describe('the gateway with a runner that has a speech model', () => {
  it('knows the model as soon as it was added', async () => {
    expect((await transcribe('whisper', recording(1))).status).toBe(404);
    await call('runner.models.add', { path: writeSpeechModel(join(folder, 'model')), name: 'whisper' });
    await vi.waitFor(async () => expect(await modelNames()).toEqual(['whisper']), 30_000);
    // A busy machine gets it ready a moment later.
    await vi.waitFor(
      async () =>
        expect(await transcribe('whisper', recording(1, 1))).toEqual({
          status: 200,
          body: { text: 'red green red green' },
        }),
      30_000,
    );
  });

  it('passes on why a recording cannot be heard', async () => {
    expect(await transcribe('whisper', Buffer.from('OggS and so on'))).toMatchObject({
      status: 422,
      body: { error: { code: 'RECORDING_UNREADABLE' } },
    });
  });

  it('counts its requests, and holds no machine awake for them', async () => {
    await vi.waitFor(() => {
      const { requests } = host.core.services.gateway.stats().total;
      expect(requests).toBeGreaterThan(0);
    });
    expect(host.core.services.leases.ledger.list()).toEqual([]);
    await vi.waitFor(() => expect(host.core.services.inFlight.onNode('runner')).toBe(0), 30_000);
    expect(host.core.services.leases.ledger.list()).toEqual([]);
  });

  it('hears what a task sends', async () => {
    const path = join(folder, 'talk.wav');
    writeFileSync(path, recording(1, 0, 1));
    const handler = createAudioHandler({ clock: createSystemClock(), ffmpeg: '/nowhere/ffmpeg' });
    const { content, metadata } = await handler.handle(
      { kind: 'file', path, name: 'talk.wav' },
      {
        ...{ contentType: 'audio', options: {}, allowedHosts: [], folder },
        means: {
          speech: { server: { url, key: null, model: 'whisper', language: 'en' } },
          vision: noMeans.vision,
          faces: noMeans.faces,
        },
        ...{ signal: new AbortController().signal, progress: () => {}, log: () => {} },
      },
    );
    expect(content.replaceAll(/\s+/g, ' ').trim()).toBe('red green red green');
    expect(metadata).toMatchObject({ seconds: 3 });
  });

  it('does not offer it for texts, and forgets it when it is removed', async () => {
    await expect(call('runner.embed', { model: 'whisper', texts: ['a'] })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    await call('runner.models.remove', { name: 'whisper' });
    await vi.waitFor(async () => expect(await modelNames()).toEqual([]), 30_000);
    expect((await transcribe('whisper', recording(1))).status).toBe(404);
  });
});
