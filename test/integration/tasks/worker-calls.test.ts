/** The calls of workers over HTTP, where they break: a claim that nobody takes, links, results that resume. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadHeaders, workerCalls, workerFilePaths } from '../../../shared/contract/task-worker.ts';
import { aFile, form, openRequest, openTaskWorld, type TaskWorld, type TestWorker } from './http-world.ts';

let world: TaskWorld;
let worker: TestWorker;
beforeAll(async () => {
  world = await openTaskWorld();
  worker = await world.worker();
});
afterAll(() => world[Symbol.asyncDispose]());

const files = () => {
  const folder = join(world.test.host.dataFolder, 'tasks');
  return existsSync(folder) ? readdirSync(folder) : [];
};
const ingest = async (content = '# Notes', name?: string) => {
  const reply = await world.ask('POST', '/api/v1/ingest/file', {
    body: form({ file: aFile(content) }, name),
  });
  return String(reply.body.task_id);
};
const claim = (waitMs: number) => {
  const { request, answer } = openRequest(`${world.url}${workerCalls.claim.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'application/json' },
  });
  request.end(JSON.stringify({ workerId: worker.id, count: 1, waitMs }));
  return { request, answer };
};

const leave = (request: ClientRequest) =>
  new Promise((resolve) => {
    request.once('close', resolve);
    request.destroy();
  });

describe('a claim', () => {
  it('waits for a task, and answers with none when there is none', async () => {
    const waiting = worker.take();
    const id = await ingest();
    const task = await waiting;
    expect(task.id).toBe(id);
    await worker.finish(task);
    expect(await worker.call('claim', { workerId: worker.id, count: 1, waitMs: 0 })).toEqual({
      tasks: [],
      drain: false,
    });
  });

  it('takes nothing when its worker hung up before', async () => {
    const { request } = claim(30_000);
    await once(request, 'finish');
    // It waits there now: whatever comes after it is answered after it.
    await world.ask('GET', '/api/v1/status/workers');
    await leave(request);
    const id = await ingest();
    const task = await worker.take();
    expect([task.id, task.attempt]).toEqual([id, 1]);
    await worker.finish(task);
  });

  it('is given back at once when its worker hangs up at that moment', async () => {
    const { tasks } = world.test.host.core.services;
    const { claim: usual } = tasks.workers;
    // The task is claimed, and the connection breaks before the answer is written.
    tasks.workers.claim = async (wanted, caller, signal) => {
      tasks.workers.claim = usual;
      const claimed = await usual.call(tasks.workers, wanted, caller, new AbortController().signal);
      request.destroy();
      await once(signal, 'abort');
      return claimed;
    };
    const { request } = claim(30_000);
    const id = await ingest();
    await expect.poll(async () => (await tasks.get(id)).steps.map(({ kind }) => kind)).toContain('released');
    const task = await worker.take();
    expect([task.id, task.attempt]).toEqual([id, 1]);
    await worker.finish(task);
  });

  it('ends with its key', async () => {
    const { access } = world.test.host.core.services;
    const { credential, secret } = access.addKey({
      name: 'k',
      kind: 'script',
      rights: ['tasks'],
      expiresInDays: null,
    });
    const hello = { ...(await helloOf('other')), tasks: [] };
    await world.ask('POST', workerCalls.hello.path, { body: hello, key: secret });
    const { request, answer } = openRequest(`${world.url}${workerCalls.claim.path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    });
    request.end(JSON.stringify({ workerId: 'other', count: 1, waitMs: 30_000 }));
    const answered = answer();
    await once(request, 'finish');
    await world.ask('GET', '/api/v1/status/workers');
    access.revokeKey(credential.id);
    expect(await answered).toMatchObject({ status: 401, body: { code: 'KEY_REVOKED' } });
  });

  it('is refused for a worker that has not introduced itself, and with what the contract does not know', async () => {
    const unknown = await world.ask('POST', workerCalls.claim.path, {
      body: { workerId: 'nobody', count: 1, waitMs: 0 },
    });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const wrong = await world.ask('POST', workerCalls.claim.path, {
      body: { workerId: worker.id, count: 0 },
    });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST', next: expect.any(String) } });
  });
});

const helloOf = async (id: string) => ({
  id,
  name: id,
  type: 'cpu',
  queues: ['celery'],
  slots: 1,
  version: 'test',
  protocol: 1,
  contentTypes: ['document'],
  agentId: null,
  now: Date.now(),
  sharedFolderProof: null,
});

describe('a signed link', () => {
  const content = 'The lamp is lit.';
  const get = (link: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${world.url}${link}`, { method, headers });

  it('needs no key, and continues where a download broke', async () => {
    await ingest(content, 'lamp – 灯.txt');
    const task = await worker.take();
    const link = String(task.download);
    const whole = await get(link);
    expect([whole.status, whole.headers.get('content-length'), await whole.text()]).toEqual([
      200,
      '16',
      content,
    ]);
    expect(whole.headers.get('content-disposition')).toContain(encodeURIComponent('lamp – 灯.txt'));
    const tag = String(whole.headers.get('etag'));
    expect(tag).toBe(`"${createHash('sha256').update(content).digest('hex')}"`);
    const parts = [
      ['bytes=4-', 206, 'bytes 4-15/16', content.slice(4)],
      ['bytes=4-7', 206, 'bytes 4-7/16', 'lamp'],
      ['bytes=4-99', 206, 'bytes 4-15/16', content.slice(4)],
      ['bytes=-4', 206, 'bytes 12-15/16', content.slice(-4)],
      ['bytes=16-', 416, 'bytes */16', ''],
      ['bytes=0-1,3-4', 200, null, content],
      ['lines=1-2', 200, null, content],
    ] as const;
    for (const [range, status, contentRange, text] of parts) {
      const part = await get(link, { range });
      expect([range, part.status, part.headers.get('content-range'), await part.text()]).toEqual([
        range,
        status,
        contentRange,
        text,
      ]);
    }
    const same = await get(link, { range: 'bytes=4-7', 'if-range': tag });
    expect(await same.text()).toBe('lamp');
    const changed = await get(link, { range: 'bytes=4-7', 'if-range': '"other"' });
    expect([changed.status, await changed.text()]).toEqual([200, content]);
    const head = await get(link, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '16', '']);
    await worker.finish(task);
  });

  it('is for this file, this worker and this time only', async () => {
    await ingest(content);
    const task = await worker.take();
    const link = new URL(String(task.download), world.url);
    for (const [name, value] of [
      ['file', 'file_other'],
      ['worker', 'other'],
      ['until', '9999999999999'],
      ['signature', 'ab'],
    ] as const) {
      const other = new URL(link);
      other.searchParams.set(name, value);
      const reply = await fetch(other);
      expect([name, reply.status]).toEqual([name, 403]);
    }
    expect((await fetch(`${world.url}${workerFilePaths.download}`)).status).toBe(403);
    await worker.finish(task);
  });

  it('is for a file of the shared folder where the worker has none', async () => {
    const folder = join(world.test.folder, 'shared');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a b.txt'), content);
    world.test.host.core.services.settings.update({ tasks: { sharedFolder: folder } });
    await world.ask('POST', '/api/v1/ingest/batch', { body: { items: [{ file_path: 'a b.txt' }] } });
    const task = await worker.take();
    expect(task.sharedPath).toBeNull();
    const reply = await get(String(task.download), { range: 'bytes=4-' });
    expect([reply.status, await reply.text()]).toEqual([206, content.slice(4)]);
    await worker.finish(task);
  });
});

describe('a result that is a file', () => {
  const content = Buffer.from('x'.repeat(3_000_000));
  const sha256 = createHash('sha256').update(content).digest('hex');
  const headersFor = (task: { id: string; token: string }, hash = sha256) => ({
    [uploadHeaders.sha256]: hash,
    [uploadHeaders.task]: task.id,
    [uploadHeaders.token]: task.token,
  });
  const put = (
    task: { id: string; token: string },
    from: number,
    body = content.subarray(from),
    hash = sha256,
  ) =>
    world.ask('PUT', workerFilePaths.upload, {
      body: new Uint8Array(body),
      headers: {
        ...headersFor(task, hash),
        ...(from > 0 && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
      },
    });
  const arrived = async (task: { id: string; token: string }) => {
    const { headers } = await world.ask('HEAD', workerFilePaths.upload, { headers: headersFor(task) });
    return Number(headers['upload-offset']);
  };
  const broken = async (task: { id: string; token: string }, bytes: number) => {
    const { request } = openRequest(`${world.url}${workerFilePaths.upload}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${world.key}`,
        'content-length': content.length,
        ...headersFor(task),
      },
    });
    request.write(content.subarray(0, bytes));
    await expect.poll(() => arrived(task)).toBe(bytes);
    await leave(request);
  };

  it('is taken whole, and its text answers for the task', async () => {
    const id = await ingest();
    const task = await worker.take();
    const { status, body } = await put(task, 0);
    expect([status, body]).toEqual([200, { fileId: expect.any(String) }]);
    // The answer was lost: the worker asks again.
    expect(await arrived(task)).toBe(content.length);
    expect((await put(task, 0)).body).toEqual(body);
    await worker.finish(task, { content: 'x', contentFileId: body.fileId });
    const details = await world.test.host.core.services.tasks.get(id);
    expect(details.result?.contentFileId).toBe(body.fileId);
  });

  it('continues where it broke, and where both overlap', async () => {
    await ingest();
    const task = await worker.take();
    await broken(task, 1_000_000);
    expect(await arrived(task)).toBe(1_000_000);
    const gap = await put(task, 1_000_001);
    expect(gap).toMatchObject({
      status: 400,
      body: { code: 'BAD_REQUEST', details: { received: 1_000_000 } },
    });
    const { status, body } = await put(task, 900_000);
    expect(status).toBe(200);
    const kept = world.test.host.core.services.tasks.files.get(body.fileId);
    expect(kept).toMatchObject({ sha256, sizeBytes: content.length });
    await worker.finish(task);
  });

  it('goes to the newer of two connections', async () => {
    await ingest();
    const task = await worker.take();
    const { request } = openRequest(`${world.url}${workerFilePaths.upload}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${world.key}`,
        'content-length': content.length,
        ...headersFor(task),
      },
    });
    request.write(content.subarray(0, 500_000));
    await expect.poll(() => arrived(task)).toBe(500_000);
    // It seems to be open still.
    const closed = new Promise((resolve) => request.once('close', resolve));
    expect((await put(task, 500_000)).status).toBe(200);
    await closed;
    await worker.finish(task);
  });

  it('is refused when it is not what was announced', async () => {
    await ingest();
    const task = await worker.take();
    const before = files();
    const other = await put(task, 0, content, 'f'.repeat(64));
    expect(other).toMatchObject({ status: 422, body: { code: 'CHECKSUM_MISMATCH' } });
    expect(files()).toEqual(before);
    const headers = { ...headersFor(task), 'content-range': 'bytes 5-9/100' };
    const range = await world.ask('PUT', workerFilePaths.upload, { body: Buffer.from('12345'), headers });
    expect(range).toMatchObject({ status: 400, body: { code: 'BAD_REQUEST' } });
    expect((await world.ask('PUT', workerFilePaths.upload, { body: Buffer.from('x') })).status).toBe(400);
    world.test.host.core.services.settings.update({ tasks: { uploadLimitMb: 1 } });
    expect(await put(task, 0)).toMatchObject({ status: 413, body: { code: 'UPLOAD_TOO_LARGE' } });
    world.test.host.core.services.settings.update({ tasks: { uploadLimitMb: 2048 } });
    await worker.finish(task);
  });

  it('leaves nothing behind when Pilotlight stops in the middle', async () => {
    await using other = await openTaskWorld();
    const taker = await other.worker();
    await other.ask('POST', '/api/v1/ingest/file', { body: form({ file: aFile() }) });
    const task = await taker.take();
    const { request } = openRequest(`${other.url}${workerFilePaths.upload}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${other.key}`,
        'content-length': content.length,
        ...headersFor(task),
      },
    });
    request.write(content.subarray(0, 500_000));
    const parts = () =>
      readdirSync(join(other.test.host.dataFolder, 'tasks')).filter((name) => name.endsWith('.part'));
    await expect.poll(() => parts().length).toBe(1);
    await other.test.host.stop();
    expect(parts()).toEqual([]);
  });
});
