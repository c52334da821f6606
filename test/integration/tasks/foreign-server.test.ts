/** Scripts for the existing server, against a real core: each body and each answer as they were there. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aFile, form, openTaskWorld, type TaskWorld, type TestWorker } from './http-world.ts';

let world: TaskWorld;
let worker: TestWorker;
beforeAll(async () => {
  world = await openTaskWorld();
  worker = await world.worker();
});
afterAll(() => world[Symbol.asyncDispose]());

const files = () => {
  const folder = join(world.test.host.dataFolder, 'tasks');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('file_')) : [];
};
const ask: TaskWorld['ask'] = (...all) => world.ask(...all);
const statusOf = async (id: string) => (await ask('GET', `/api/v1/status/${id}`)).body;

describe('work that is answered at once', () => {
  it('answers a file with what the worker made of it, and keeps neither file nor text', async () => {
    const before = files();
    const asked = ask('POST', '/process/file', {
      body: form({
        file: aFile('# One'),
        content_type: 'text/markdown',
        options: '{"depth":2}',
        gpu: 'False',
      }),
    });
    const task = await worker.take();
    expect(task.spec).toMatchObject({
      contentType: 'document',
      title: 'notes.md',
      options: { depth: 2 },
      store: false,
      gpu: false,
    });
    const content = await fetch(`${world.url}${task.download}`).then((reply) => reply.text());
    expect(content).toBe('# One');
    await worker.finish(task, { content: 'One', metadata: { title: 'One' }, processingMs: 250 });
    expect(await asked).toMatchObject({
      status: 200,
      body: { success: true, content: 'One', metadata: { title: 'One' }, processing_time: 0.25 },
    });
    expect(files()).toEqual(before);
  });

  it('answers an address, a page and a video', async () => {
    const given = [
      ['/process/url', { content_type: 'document', options: { a: 1 } }, 'document'],
      ['/process/web', {}, 'web'],
      ['/process/youtube', {}, 'youtube'],
    ] as const;
    for (const [path, more, contentType] of given) {
      const asked = ask('POST', path, { body: { url: 'http://127.0.0.1:9/a.md', ...more } });
      const task = await worker.take();
      expect(task.spec).toMatchObject({
        contentType,
        input: { kind: 'url', url: 'http://127.0.0.1:9/a.md' },
      });
      expect(task.download).toBeNull();
      await worker.finish(task, { content: path });
      expect((await asked).body).toMatchObject({ success: true, content: path });
    }
  });

  it('answers a list in its order, also what failed', async () => {
    const items = [
      { url: 'http://127.0.0.1:9/1' },
      { url: 'http://127.0.0.1:9/2' },
      { url: 'http://127.0.0.1:9/3' },
    ];
    const asked = ask('POST', '/process/batch', { body: { items, options: { a: 1 }, gpu: false } });
    const tasks = [await worker.take(), await worker.take(), await worker.take()];
    for (const task of tasks.toReversed()) {
      const url = task.spec.input.kind === 'url' ? task.spec.input.url : '';
      if (url.endsWith('2')) {
        const failure = { code: 'FILE_BINARY', message: 'Not a text file.' };
        await worker.call('fail', {
          workerId: worker.id,
          id: task.id,
          token: task.token,
          failure,
          retry: false,
        });
      } else await worker.finish(task, { content: url });
    }
    expect(await asked).toMatchObject({
      status: 200,
      body: [
        { success: true, content: items[0]?.url },
        { success: false, content: '', error_message: 'Not a text file.' },
        { success: true, content: items[2]?.url },
      ],
    });
  });

  it('is cancelled when its client leaves, and its file is deleted', async () => {
    const before = files();
    const leaving = new AbortController();
    const asked = fetch(`${world.url}/process/file`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.key}` },
      body: form({ file: aFile() }),
      signal: leaving.signal,
    });
    const task = await worker.take();
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => statusOf(task.id)).toMatchObject({ status: 'REVOKED' });
    const beat = await worker.call('beat', {
      workerId: worker.id,
      load: null,
      tasks: [{ id: task.id, token: task.token, progress: 0.5, progressText: null, log: '' }],
    });
    expect(beat.tasks).toEqual([{ id: task.id, state: 'cancelled' }]);
    await expect.poll(files).toEqual(before);
  });
});

describe('work in the background', () => {
  it('takes a file, follows it and finds its text', async () => {
    const body = form({
      metadata: '{"author":"Ada"}',
      use_docling: 'true',
      source_type: 'pdf',
      gpu: 'TRUE',
      webhook_url: '',
      file: aFile('# Lamp'),
    });
    const added = await ask('POST', '/api/v1/ingest/file', { body });
    expect(added).toMatchObject({
      status: 200,
      body: {
        task_id: expect.any(String),
        status: 'pending',
        message: expect.any(String),
        estimated_time: 60,
      },
    });
    const id = added.body.task_id;
    expect(await statusOf(id)).toMatchObject({
      task_id: id,
      status: 'PENDING',
      progress: 0,
      result: null,
      error: null,
    });
    const task = await worker.take();
    expect(task).toMatchObject({
      id,
      spec: {
        gpu: true,
        store: true,
        options: { use_docling: true },
        metadata: { author: 'Ada' },
        webhookUrl: null,
      },
    });
    const proof = { id, token: task.token };
    const report = { ...proof, progress: 0.5, progressText: 'half', log: '' };
    await worker.call('beat', { workerId: worker.id, load: null, tasks: [report] });
    expect(await statusOf(id)).toMatchObject({ status: 'PROGRESS', progress: 0.5, message: 'half' });
    expect((await ask('GET', '/api/v1/status/')).body).toEqual({ active_tasks: [id], count: 1 });
    await worker.finish(task, { content: 'A lamp of brass.', metadata: { pages: 1 } });
    await expect
      .poll(() => statusOf(id), { timeout: 20_000 })
      .toMatchObject({
        status: 'SUCCESS',
        progress: 1,
        result: { success: true, content: 'A lamp of brass.', metadata: { pages: 1, author: 'Ada' } },
        completed_at: expect.stringMatching(/^\d{4}-.*Z$/),
      });
  });

  it('takes an address and a list', async () => {
    const one = await ask('POST', '/api/v1/ingest/url', { body: { url: 'http://127.0.0.1:9/x', gpu: 'no' } });
    expect(one.body).toMatchObject({ status: 'pending', estimated_time: 120 });
    await worker.finish(await worker.take());
    const items = [
      { source_type: 'web', url: 'http://127.0.0.1:9/y' },
      { url: 'http://127.0.0.1:9/z', metadata: { n: 1 } },
    ];
    const batch = await ask('POST', '/api/v1/ingest/batch', { body: { items } });
    expect(batch.body).toEqual({
      batch_id: expect.any(String),
      task_ids: [expect.any(String), expect.any(String)],
      total_items: 2,
      message: expect.any(String),
    });
    const taken = [await worker.take(), await worker.take()];
    expect(taken.map(({ id }) => id)).toEqual(batch.body.task_ids);
    expect(taken.map(({ spec }) => [spec.contentType, spec.batchId])).toEqual([
      ['web', batch.body.batch_id],
      ['web', batch.body.batch_id],
    ]);
    for (const task of taken) await worker.finish(task);
  });

  it('cancels, and says so for what has ended', async () => {
    const { body } = await ask('POST', '/api/v1/ingest/url', { body: { url: 'http://127.0.0.1:9/x' } });
    const path = `/api/v1/ingest/${body.task_id}`;
    expect(await ask('DELETE', path)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await statusOf(body.task_id)).toMatchObject({ status: 'REVOKED' });
    expect(await ask('DELETE', path)).toMatchObject({ status: 200, body: { status: 'already_finished' } });
  });

  it('tells who works and what waits, at the paths that an id could read like', async () => {
    expect((await ask('GET', '/api/v1/status/workers')).body).toEqual({
      workers: {
        total: 1,
        gpu: 0,
        cpu: 1,
        details: { [worker.id]: { type: 'cpu', active_tasks: 0, max_tasks: 4, queues: ['celery'] } },
      },
      queues: { 'gpu-tasks': { length: 0, workers: 0 }, celery: { length: 0, workers: 1 } },
      gpu_available: false,
    });
    expect((await ask('GET', '/api/v1/status/stats/queues')).body).toEqual({
      pending: 0,
      active: 0,
      completed: expect.any(Number),
      failed: 1,
    });
  });
});

describe('the flag for a GPU', () => {
  it('is taken from a form, an address or JSON, and the body wins', async () => {
    const bodies = [
      ['/api/v1/ingest/file?gpu=true', form({ file: aFile() }), true],
      ['/api/v1/ingest/file?gpu=true', form({ file: aFile(), gpu: 'off' }), false],
      ['/api/v1/ingest/url?gpu=Yes', { url: 'http://127.0.0.1:9/' }, true],
      ['/api/v1/ingest/url', { url: 'http://127.0.0.1:9/', gpu: 1 }, true],
      ['/api/v1/ingest/url', { url: 'http://127.0.0.1:9/', gpu: null }, false],
    ] as const;
    for (const [path, body, gpu] of bodies) {
      await ask('POST', path, { body });
      const task = await worker.take();
      expect([path, task.spec.gpu]).toEqual([path, gpu]);
      await worker.finish(task);
    }
  });

  it('is refused by its name when it is neither', async () => {
    const before = files();
    const answers = [
      await ask('POST', '/api/v1/ingest/file', { body: form({ file: aFile(), gpu: 'maybe' }) }),
      await ask('POST', '/process/file?gpu=maybe', { body: form({ file: aFile() }) }),
      await ask('POST', '/process/url', { body: { url: 'http://127.0.0.1:9/', gpu: 'maybe' } }),
    ];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 422,
        body: {
          code: 'FIELD_WRONG',
          detail: [{ loc: ['body', 'gpu'], msg: expect.stringContaining('maybe') }],
        },
      });
    }
    const batch = { items: [{ url: 'http://127.0.0.1:9/' }, { url: 'http://127.0.0.1:9/', gpu: 'maybe' }] };
    expect(await ask('POST', '/api/v1/ingest/batch', { body: batch })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'items', '1', 'gpu'] }] },
    });
    expect(files()).toEqual(before);
    expect((await ask('GET', '/api/v1/status/stats/queues')).body.pending).toBe(0);
  });
});

describe('what is wrong', () => {
  it.each([
    ['options', '/process/file', () => form({ file: aFile(), options: '{' })],
    ['metadata', '/api/v1/ingest/file', () => form({ file: aFile(), metadata: '[1]' })],
    ['file', '/api/v1/ingest/file', () => form({ gpu: 'true' })],
    ['file', '/process/file', () => ({ url: 'http://127.0.0.1:9/' })],
    ['url', '/process/url', () => ({})],
    ['url', '/api/v1/ingest/url', () => ({ url: 7 })],
    ['content_type', '/process/url', () => ({ url: 'http://127.0.0.1:9/', content_type: 'banana' })],
    ['items', '/process/batch', () => ({ items: [] })],
    ['body', '/api/v1/ingest/batch', () => []],
  ])('is named: %s at %s', async (field, path, body) => {
    const before = files();
    const answer = await ask('POST', path, { body: body() });
    expect(answer.status).toBe(422);
    expect(answer.body.details.fields[0].path).toBe(field);
    expect(files()).toEqual(before);
  });

  it('is an address that nothing can call, and JSON that is none', async () => {
    const bad = await ask('POST', '/api/v1/ingest/url', { body: { url: 'file:///etc/passwd' } });
    expect(bad).toMatchObject({ status: 400, body: { code: 'BAD_URL', detail: expect.any(String) } });
    const raw = { body: Buffer.from('{'), headers: { 'content-type': 'application/json' } };
    expect(await ask('POST', '/api/v1/ingest/url', raw)).toMatchObject({
      status: 400,
      body: { code: 'BAD_REQUEST' },
    });
    const unsaid = {
      body: Buffer.from('{"url":"http://127.0.0.1:9/"}'),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect((await ask('POST', '/api/v1/ingest/url', unsaid)).status).toBe(200);
    await worker.finish(await worker.take());
  });

  it('is an id that nobody gave out', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/status/nothing'],
      ['DELETE', '/api/v1/ingest/nothing'],
      ['GET', '/api/v1/other'],
      ['POST', '/process/other'],
    ] as const) {
      expect([path, (await ask(method, path)).status]).toEqual([path, 404]);
    }
  });

  it('is a key that is missing, wrong, or for something else', async () => {
    const paths = [
      ['POST', '/process/url'],
      ['POST', '/api/v1/ingest/file'],
      ['GET', '/api/v1/status/workers'],
      ['POST', '/api/v1/worker/hello'],
      ['PUT', '/api/v1/worker/result'],
      ['POST', '/api/v1/tasks/files'],
    ] as const;
    const view = world.keyWith(['view']);
    for (const [method, path] of paths) {
      const missing = await ask(method, path, { key: null });
      expect([path, missing.status, missing.body.error]).toEqual([path, 401, 'Unauthorized']);
      expect(missing.headers['www-authenticate']).toBe('Bearer');
      expect((await ask(method, path, { key: 'pilotlight_key_wrong' })).status).toBe(401);
      const other = await ask(method, path, { key: view });
      if (method === 'GET') expect(other.status).toBe(200);
      else
        expect(other).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN', details: { scope: 'tasks' } },
        });
    }
  });
});

describe('names of files', () => {
  it.each([
    ['../../../etc/passwd', 'passwd'],
    ['C:\\Windows\\win.ini', 'win.ini'],
    [`${'n'.repeat(300)}.md`, `${'n'.repeat(197)}.md`],
    ['..', 'upload'],
    ['Übersicht – 日本.md', 'Übersicht – 日本.md'],
  ])('are cleaned: %j', async (given, expected) => {
    await ask('POST', '/api/v1/ingest/file', { body: form({ file: aFile() }, given) });
    const task = await worker.take();
    expect(task.spec.title).toBe(expected);
    await worker.finish(task);
  });
});

describe('the calls for files', () => {
  it('sends a file of the shared folder, and nothing outside it', async () => {
    const folder = join(world.test.folder, 'shared');
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'sub', 'a b.txt'), 'shared text');
    writeFileSync(join(world.test.folder, 'secret.txt'), 'secret');
    world.test.host.core.services.settings.update({ tasks: { sharedFolder: folder } });
    const get = (path: unknown) => ask('POST', '/api/v1/files/download', { body: { file_path: path } });
    for (const path of ['sub/a b.txt', join(folder, 'sub', 'a b.txt')]) {
      expect(await get(path)).toMatchObject({ status: 200, body: 'shared text' });
    }
    for (const path of [
      '../secret.txt',
      join(folder, '../secret.txt'),
      '/etc/passwd',
      'sub/../../secret.txt',
    ]) {
      expect([path, (await get(path)).body.code]).toEqual([path, 'FILE_OUTSIDE_FOLDER']);
    }
    expect((await get('sub/none.txt')).status).toBe(404);
    expect((await get(undefined)).status).toBe(422);
  });

  it('takes a result, with its file and without', async () => {
    const upload = (fields: Record<string, string | Blob>) =>
      ask('POST', '/api/v1/files/upload-result', { body: form(fields, 'result.txt') });
    const whole = await upload({ file: aFile('result'), result_data: '{"ok":true}' });
    expect(whole).toMatchObject({ status: 200, body: { status: 'success', file_id: expect.any(String) } });
    const get = (id: string) => ask('POST', '/api/v1/files/download', { body: { file_path: id } });
    expect((await get(whole.body.file_id)).body).toBe('result');
    const alone = await upload({ result_data: '{"ok":true}' });
    expect((await get(alone.body.file_id)).body).toEqual({ ok: true });
    const before = files();
    expect((await upload({ file: aFile() })).status).toBe(422);
    expect((await upload({ file: aFile(), result_data: 'x' })).status).toBe(422);
    expect((await upload({ file: aFile(), result_data: '{"task_id":"none"}' })).status).toBe(404);
    expect(files()).toEqual(before);
  });
});
