/** What the panel plays, over HTTP: a real core, and a worker that is this test. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskMedia } from '../../../shared/models/tasks.ts';
import { textOf } from '../../../shared/text/index.ts';
import { form, openTaskWorld, type TaskWorld } from './http-world.ts';

const content = Buffer.from('RIFF0123456789');
let world: TaskWorld;
let folder: string;
/** With the right to see everything, as a panel has it. */
let viewer: string;

beforeAll(async () => {
  world = await openTaskWorld();
  viewer = world.keyWith(['view']);
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-media-shared-'));
  world.test.host.core.services.settings.update({ tasks: { sharedFolder: folder } });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function upload(name = 'talk.wav', bytes: Buffer = content): Promise<string> {
  const reply = await world.ask('POST', '/api/v1/ingest/file', {
    body: form({ file: new Blob([new Uint8Array(bytes)]) }, name),
  });
  return reply.body.task_id;
}
async function share(path: string): Promise<string> {
  const reply = await world.ask('POST', '/api/v1/ingest/batch', { body: { items: [{ file_path: path }] } });
  return reply.body.task_ids[0];
}
async function view(id: string, key = viewer): Promise<TaskMedia> {
  const reply = await world.ask('POST', '/api/call/tasks.media', { body: { id }, key });
  expect(reply.status).toBe(200);
  return reply.body.result ?? reply.body;
}
const addressOf = async (id: string, key?: string) => (await view(id, key)).file?.address ?? '';
const get = (address: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(new URL(address, world.url), { method, headers });
const seen = async (reply: Response) => [
  reply.status,
  reply.headers.get('content-range'),
  await reply.text(),
];

describe('a recording', () => {
  let address: string;
  let tag: string;
  beforeAll(async () => {
    address = await addressOf(await upload());
    tag = (await get(address, {}, 'HEAD')).headers.get('etag') ?? '';
  });

  it('is sent as what it is, to be shown, and never to be run', async () => {
    const reply = await get(address);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-disposition': "inline; filename*=UTF-8''talk.wav",
      'accept-ranges': 'bytes',
      'content-length': '14',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(await seen(reply)).toEqual([200, null, content.toString()]);
  });

  it('is saved under its name where that is asked for', async () => {
    const reply = await get(`${address}&download=1`);
    expect(reply.headers.get('content-type')).toBe('application/octet-stream');
    expect(reply.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''talk.wav");
  });

  it.each([
    ['bytes=0-3', [206, 'bytes 0-3/14', 'RIFF']],
    ['bytes=4-', [206, 'bytes 4-13/14', '0123456789']],
    ['bytes=-2', [206, 'bytes 12-13/14', '89']],
    ['bytes=0-', [206, 'bytes 0-13/14', content.toString()]],
    ['bytes=10-999', [206, 'bytes 10-13/14', '6789']],
    ['bytes=14-', [416, 'bytes */14', '']],
    ['bytes=-0', [416, 'bytes */14', '']],
    ['bytes=5-2', [200, null, content.toString()]],
    ['bytes=0-1,3-4', [200, null, content.toString()]],
    ['lines=0-1', [200, null, content.toString()]],
  ])('answers %s', async (range, expected) => {
    expect(await seen(await get(address, { range }))).toEqual(expected);
  });

  it('continues only the same file', async () => {
    const range = 'bytes=0-3';
    expect((await get(address, { range, 'if-range': tag })).status).toBe(206);
    for (const other of ['"another"', `W/${tag}`, 'Sat, 28 Nov 2026 06:00:00 GMT'])
      expect(await seen(await get(address, { range, 'if-range': other }))).toEqual([
        200,
        null,
        content.toString(),
      ]);
  });

  it('has a head without a body', async () => {
    const reply = await get(address, { range: 'bytes=0-3' }, 'HEAD');
    expect([...(await seen(reply)), reply.headers.get('content-length')]).toEqual([
      206,
      'bytes 0-3/14',
      '',
      '4',
    ]);
  });
});

describe('an address', () => {
  it('is for one file and one caller, and needs what it was signed with', async () => {
    const [first, second] = [await upload(), await upload('other.wav')];
    const address = await addressOf(first);
    const statusOf = async (of: string) => (await get(of)).status;
    expect(await statusOf(address.replace(first, second))).toBe(403);
    expect(await statusOf(address.replace(/until=\d+/, 'until=99999999999999'))).toBe(403);
    expect(await statusOf(address.replace(/signature=\w+/, 'signature='))).toBe(403);
    expect(await statusOf('/api/v1/media')).toBe(403);
    expect(await statusOf(`/api/v1/media?task=${first}`)).toBe(403);
    expect((await fetch(new URL(address, world.url), { method: 'POST' })).status).toBe(404);
  });

  it('ends with the key that asked for it', async () => {
    const { access } = world.test.host.core.services;
    const { secret, credential } = access.addKey({
      name: 'tablet',
      kind: 'script',
      rights: ['view'],
      expiresInDays: null,
    });
    const address = await addressOf(await upload(), secret);
    expect((await get(address)).status).toBe(200);
    access.revokeKey(credential.id);
    expect((await get(address)).status).toBe(403);
  });

  it('is not given to whom may see nothing', async () => {
    const reply = await world.ask('POST', '/api/call/tasks.media', {
      body: { id: await upload() },
      key: world.keyWith(['infer']),
    });
    expect([reply.status, reply.body.code]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('what is not there any more', () => {
  it('was an upload: it is not kept', async () => {
    const id = await upload();
    const address = await addressOf(id);
    const { files } = world.test.host.core.services.tasks;
    await files.remove((await files.list()).flatMap((file) => (file.taskId === id ? file.id : [])));
    const { file, gone } = await view(id);
    expect([file, gone?.message.code, gone?.next.code]).toEqual([null, 'MEDIA_NOT_KEPT', 'MEDIA_ADD_AGAIN']);
    expect(textOf(gone?.message as never)).toMatch(/no longer kept/);
    expect((await get(address)).status).toBe(404);
  });

  it('was shared: it was moved, and plays again when it is back', async () => {
    mkdirSync(join(folder, 'talks'), { recursive: true });
    writeFileSync(join(folder, 'talks/one.ogg'), content);
    const id = await share('talks/one.ogg');
    const address = await addressOf(id);
    expect((await get(address)).headers.get('content-type')).toBe('audio/ogg');
    renameSync(join(folder, 'talks/one.ogg'), join(folder, 'talks/two.ogg'));
    const { gone } = await view(id);
    expect(gone).toMatchObject({ message: { code: 'MEDIA_NOT_THERE', params: { path: 'talks/one.ogg' } } });
    expect((await get(address)).status).toBe(404);
    renameSync(join(folder, 'talks/two.ogg'), join(folder, 'talks/one.ogg'));
    expect((await get(address)).status).toBe(200);
  });

  it('was replaced by a link that leads out: nothing of that is sent', async () => {
    writeFileSync(join(folder, 'three.wav'), content);
    const id = await share('three.wav');
    const address = await addressOf(id);
    const outside = mkdtempSync(join(tmpdir(), 'pilotlight-media-outside-'));
    writeFileSync(join(outside, 'secret.wav'), 'secret');
    rmSync(join(folder, 'three.wav'));
    symlinkSync(join(outside, 'secret.wav'), join(folder, 'three.wav'));
    const reply = await get(address);
    expect([reply.status, (await reply.json()).code]).toEqual([400, 'FILE_OUTSIDE_FOLDER']);
    expect((await view(id)).file).toBeNull();
    rmSync(outside, { recursive: true });
  });
});
