/** What a shell script does with curl, against a real core: queue a file, wait for it, ask who works, cancel. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTaskWorld, type TaskWorld, type TestWorker } from './http-world.ts';

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);

describe.skipIf(!hasCurl)('curl', () => {
  let world: TaskWorld;
  let worker: TestWorker;
  let file: string;
  let working: Promise<void>;
  const stopping = new AbortController();
  beforeAll(async () => {
    world = await openTaskWorld();
    worker = await world.worker({ type: 'gpu', queues: ['gpu-tasks', 'celery'] });
    file = join(world.test.folder, 'notes with spaces.md');
    writeFileSync(file, '# Notes\n');
    working = worker.workUntil(stopping.signal, ({ spec }) => ({ content: `text of ${spec.title}` }));
  });
  afterAll(async () => {
    stopping.abort();
    await working;
    await world[Symbol.asyncDispose]();
  });

  const curl = async (path: string, ...more: string[]) => {
    const { stdout } = await run('curl', [
      ...['--silent', '--show-error', '--noproxy', '*', '--max-time', '60'],
      ...['--header', `Authorization: Bearer ${world.key}`, ...more, `${world.url}${path}`],
    ]);
    return JSON.parse(stdout);
  };

  it('queues a file and waits for it', async () => {
    const added = await curl(
      '/api/v1/ingest/file',
      '-F',
      `file=@${file}`,
      '-F',
      'gpu=true',
      '-F',
      'metadata={"a":1}',
    );
    expect(added).toMatchObject({ status: 'pending', estimated_time: 60 });
    await expect
      .poll(() => curl(`/api/v1/status/${added.task_id}`), { timeout: 50_000 })
      .toMatchObject({
        status: 'SUCCESS',
        result: { content: 'text of notes with spaces.md', metadata: { a: 1 } },
      });
  });

  it('gets an answer at once', async () => {
    const form = ['-F', `file=@${file};type=text/markdown`, '-F', 'content_type=document'];
    expect(await curl('/process/file?gpu=false', ...form)).toMatchObject({
      success: true,
      content: 'text of notes with spaces.md',
    });
    // curl calls a body a form unless it is told otherwise.
    expect(await curl('/process/url', '-d', '{"url":"http://127.0.0.1:9/x.md"}')).toMatchObject({
      success: true,
    });
  });

  it('queues a list, asks who works, and cancels', async () => {
    const items = [{ url: 'http://127.0.0.1:9/1' }, { url: 'http://127.0.0.1:9/2' }];
    const batch = await curl('/api/v1/ingest/batch', '--json', JSON.stringify({ items }));
    expect(batch).toMatchObject({ total_items: 2, task_ids: [expect.any(String), expect.any(String)] });
    expect(await curl('/api/v1/status/workers')).toMatchObject({
      workers: { total: 1, gpu: 1 },
      gpu_available: true,
    });
    expect(await curl(`/api/v1/ingest/${batch.task_ids[0]}`, '-X', 'DELETE')).toMatchObject({
      task_id: batch.task_ids[0],
      status: expect.stringMatching(/^(cancelled|already_finished)$/),
    });
  });

  it('is told early that a file is too large, and what is wrong with a field', async () => {
    world.test.host.core.services.settings.update({ tasks: { uploadLimitMb: 1 } });
    const large = join(world.test.folder, 'large.bin');
    writeFileSync(large, Buffer.alloc(8_000_000));
    expect(await curl('/api/v1/ingest/file', '-F', `file=@${large}`)).toMatchObject({
      code: 'UPLOAD_TOO_LARGE',
    });
    expect(await curl('/api/v1/tasks/files', '-T', large, '-X', 'POST')).toMatchObject({
      code: 'UPLOAD_TOO_LARGE',
    });
    expect(await curl('/api/v1/ingest/file', '-F', `file=@${file}`, '-F', 'gpu=maybe')).toMatchObject({
      code: 'FIELD_WRONG',
      detail: [{ loc: ['body', 'gpu'] }],
    });
  });
});
