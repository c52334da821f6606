/** Files that arrive: whole, too large, broken, twice, and in every order of the fields. */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aFile, form, openRequest, openTaskWorld, type TaskWorld, type TestWorker } from './http-world.ts';

let world: TaskWorld;
let worker: TestWorker;
beforeAll(async () => {
  world = await openTaskWorld();
  worker = await world.worker();
});
afterAll(() => world[Symbol.asyncDispose]());

const MiB = 1_048_576;
/** Also what is on its way. */
const files = () => {
  const folder = join(world.test.host.dataFolder, 'tasks');
  return existsSync(folder) ? readdirSync(folder) : [];
};
const limitMb = (uploadLimitMb: number) =>
  world.test.host.core.services.settings.update({ tasks: { uploadLimitMb } });
const open = (method: string, path: string, headers: Record<string, string | number>) =>
  openRequest(`${world.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${world.key}`, ...headers },
  });

const boundary = 'border';
const multipart = { 'content-type': `multipart/form-data; boundary=${boundary}` };
const head = (name: string, fileName?: string) =>
  `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"`}\r\n\r\n`;
const tail = `\r\n--${boundary}--\r\n`;

describe('a file over the limit', () => {
  it.each(['/api/v1/ingest/file', '/process/file', '/api/v1/tasks/files', '/api/v1/files/upload-result'])(
    'is refused at %s before it is sent, by its announced length',
    async (path) => {
      limitMb(4);
      const before = files();
      const { request, answer } = open('POST', path, { ...multipart, 'content-length': 5 * 1024 * MiB });
      request.flushHeaders();
      expect(await answer()).toMatchObject({
        status: 413,
        body: { code: 'UPLOAD_TOO_LARGE', detail: expect.any(String) },
      });
      expect(files()).toEqual(before);
      request.destroy();
    },
  );

  it.each([
    ['/api/v1/ingest/file', true],
    ['/api/v1/tasks/files', true],
    ['/api/v1/tasks/files', false],
  ])('is refused at %s while it arrives (a form: %s), and its connection closes', async (path, isForm) => {
    limitMb(4);
    const before = files();
    const headers = isForm ? multipart : { 'content-type': 'application/octet-stream' };
    const { request, answer } = open('POST', path, { ...headers, 'transfer-encoding': 'chunked' });
    let sent = 0;
    const piece = Buffer.alloc(MiB / 4, 'x');
    const answered = answer();
    if (isForm) request.write(head('file', 'large.md'));
    const pump = () => {
      while (!request.destroyed && sent < 64 * MiB && request.write(piece)) sent += piece.length;
      sent += piece.length;
    };
    request.on('drain', pump);
    pump();
    expect(await answered).toMatchObject({ status: 413, body: { code: 'UPLOAD_TOO_LARGE' } });
    request.removeListener('drain', pump);
    // Whoever never ends its request is cut off.
    if (!request.destroyed) await once(request, 'close');
    await expect.poll(files).toEqual(before);
  });

  it('is not one at the limit', async () => {
    limitMb(1);
    const reply = await world.ask('POST', '/api/v1/tasks/files?name=full.bin', { body: Buffer.alloc(MiB) });
    expect(reply).toMatchObject({ status: 200, body: { name: 'full.bin', sizeBytes: MiB } });
    const over = await world.ask('POST', '/api/v1/tasks/files', { body: Buffer.alloc(MiB + 1) });
    expect(over).toMatchObject({ status: 413, body: { code: 'UPLOAD_TOO_LARGE' } });
    limitMb(64);
  });
});

describe('an upload that breaks', () => {
  it.each([
    ['/api/v1/ingest/file', multipart, `${head('gpu')}true\r\n${head('file', 'a.md')}some`],
    ['/process/file', multipart, `${head('file', 'a.md')}some`],
    ['/api/v1/tasks/files', multipart, `${head('file', 'a.md')}some`],
    ['/api/v1/tasks/files', { 'content-type': 'text/plain' }, 'some'],
    ['/api/v1/files/upload-result', multipart, `${head('file', 'a.md')}some`],
  ])('at %s leaves nothing behind', async (path, headers, content) => {
    const before = files();
    const { request } = open('POST', path, { ...headers, 'content-length': 1000 });
    request.write(content);
    await expect.poll(() => files().length).toBeGreaterThan(before.length);
    request.destroy();
    await expect.poll(files).toEqual(before);
  });

  it.each([
    ['ends early', `${head('file', 'a.md')}some`],
    ['is no form', 'some text'],
    ['has a field that is too long', `${head('options')}${'x'.repeat(5_000_000)}${tail}`],
    ['has two files', `${head('file', 'a.md')}one\r\n${head('file', 'b.md')}two${tail}`],
    [
      'has many fields',
      `${Array.from({ length: 70 }, (_, n) => `${head(`f${n}`)}x\r\n`).join('')}${head('file', 'a')}x${tail}`,
    ],
  ])('is a form that %s', async (_name, content) => {
    const before = files();
    const reply = await world.ask('POST', '/api/v1/ingest/file', {
      body: Buffer.from(content),
      headers: multipart,
    });
    expect([400, 422]).toContain(reply.status);
    expect(reply.body).toMatchObject({
      error: expect.any(String),
      code: expect.any(String),
      next: expect.any(String),
    });
    await expect.poll(files).toEqual(before);
  });

  it('is a form without a border', async () => {
    const headers = { 'content-type': 'multipart/form-data' };
    const reply = await world.ask('POST', '/api/v1/ingest/file', { body: Buffer.from('x'), headers });
    expect(reply).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
  });

  it('is one whose key ends meanwhile', async () => {
    const { access } = world.test.host.core.services;
    const issued = access.addKey({ name: 'short', kind: 'script', rights: ['tasks'], expiresInDays: null });
    const before = files();
    const { request, answer } = open('POST', '/api/v1/ingest/file', {
      ...multipart,
      'content-length': 1000,
      authorization: `Bearer ${issued.secret}`,
    });
    request.write(`${head('file', 'a.md')}some`);
    await expect.poll(() => files().length).toBeGreaterThan(before.length);
    const answered = answer();
    access.revokeKey(issued.credential.id);
    expect(await answered).toMatchObject({ status: 401, body: { code: 'KEY_REVOKED' } });
    await expect.poll(files).toEqual(before);
    request.destroy();
  });
});

describe('the order of fields', () => {
  it('does not matter, and other files are left out', async () => {
    const content = [
      `${head('extra', 'other.txt')}other\r\n`,
      `${head('file', 'a.md')}# A\r\n`,
      `${head('metadata')}{"n":1}\r\n`,
      `${head('gpu')}1${tail}`,
    ].join('');
    const reply = await world.ask('POST', '/api/v1/ingest/file', {
      body: Buffer.from(content),
      headers: multipart,
    });
    expect(reply.status).toBe(200);
    const task = await worker.take();
    expect(task.spec).toMatchObject({ title: 'a.md', gpu: true, metadata: { n: 1 } });
    expect(await fetch(`${world.url}${task.download}`).then((got) => got.text())).toBe('# A');
    await worker.finish(task);
  });

  it('takes a file without a name', async () => {
    const content = `${head('file')}# A${tail}`;
    await world.ask('POST', '/api/v1/ingest/file', { body: Buffer.from(content), headers: multipart });
    const task = await worker.take();
    expect(task.spec.input).toMatchObject({ kind: 'file', sizeBytes: 3 });
    await worker.finish(task);
  });
});

describe('an upload of the panel', () => {
  it('is used by a task, as a form or as a body', async () => {
    const bodies = [
      ['/api/v1/tasks/files', form({ file: aFile('# A') }, 'a.md')],
      ['/api/v1/tasks/files?name=a.md', new Uint8Array(Buffer.from('# A'))],
    ] as const;
    for (const [path, body] of bodies) {
      const { body: file } = await world.ask('POST', path, { body });
      expect(file).toEqual({ fileId: expect.any(String), name: 'a.md', sizeBytes: 3 });
      const added = await world.ask('POST', '/api/call/tasks.add', {
        body: { input: { kind: 'upload', fileId: file.fileId } },
      });
      expect(added).toMatchObject({ status: 200, body: { title: 'a.md', contentType: 'document' } });
      // A task needs it now.
      const used = await world.ask('DELETE', `/api/v1/tasks/files/${file.fileId}`);
      expect(used).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
      await worker.finish(await worker.take());
    }
  });

  it('is checked by its checksum', async () => {
    const before = files();
    const headers = { 'x-content-sha256': '0'.repeat(64) };
    const reply = await world.ask('POST', '/api/v1/tasks/files', { body: Buffer.from('# A'), headers });
    expect(reply).toMatchObject({ status: 422, body: { code: 'CHECKSUM_MISMATCH' } });
    expect(files()).toEqual(before);
  });

  it('is deleted when nobody uses it', async () => {
    const before = files();
    const { body } = await world.ask('POST', '/api/v1/tasks/files', { body: Buffer.from('# A') });
    const path = `/api/v1/tasks/files/${body.fileId}`;
    expect(await world.ask('DELETE', path)).toMatchObject({ status: 200, body: { ok: true } });
    expect((await world.ask('DELETE', path)).status).toBe(404);
    expect((await world.ask('DELETE', '/api/v1/tasks/files/..%2f..%2fstate.sqlite')).status).toBe(404);
    expect(files()).toEqual(before);
  });
});
