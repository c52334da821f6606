import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createIndexingService } from '../../../electron/core/indexing/service.ts';
import { fork } from '../../fakes/children.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createFakeWorld } from '../../fakes/indexing.ts';
import { codeOf, never, openWorkplace } from './harness.ts';

const entry = fileURLToPath(new URL('../../fakes/stuck-index-worker.ts', import.meta.url));
const builtin = { kind: 'builtin' } as const;

function openStuck() {
  const clock = createFakeClock();
  const place = openWorkplace({ clock }, entry);
  return { clock, place };
}

/** How often the index counts that a worker ended in the middle of a file. */
function attempts(databaseFile: string, path: string): number {
  if (!existsSync(databaseFile)) return 0;
  const database = new DatabaseSync(databaseFile, { readOnly: true, timeout: 5000 });
  try {
    return Number(database.prepare('SELECT count FROM attempts WHERE path = ?').get(path)?.count ?? 0);
  } finally {
    database.close();
  }
}

describe('a file that the worker never gets done with', () => {
  test('searches are answered, a cancel frees the worker, a removal is done, all meanwhile', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('a.txt', 'some words');
    const index = await place.open();
    await place.run(index);
    place.write('stuck.txt', 'never');
    const controller = new AbortController();
    const indexing = codeOf(index.indexBuiltin(['stuck.txt'], controller.signal));
    await place.reading('stuck.txt');
    const pid = place.store.workerPid();
    expect((await place.search(index, 'words')).map((hit) => hit.path)).toEqual(['a.txt']);
    controller.abort(new Error('cancelled'));
    expect(await indexing).toBe('Error: cancelled');
    // The next file has the reader for itself.
    place.write('b.txt', 'other words');
    expect(await index.indexBuiltin(['b.txt'], never)).toMatchObject([
      { path: 'b.txt', chunks: 1, error: null },
    ]);
    expect(place.store.workerPid()).toBe(pid);

    const again = codeOf(index.indexBuiltin(['stuck.txt'], never));
    await place.reading('stuck.txt');
    await index.close();
    await place.store.removeIndex('source');
    expect(await again).toBe('CANCELLED');
    expect(existsSync(place.databaseFile)).toBe(false);
    expect(place.store.workerPid()).toBe(pid);
  });

  test('that cannot be interrupted: after a cancel another worker answers', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('hard.txt', 'never');
    place.write('b.txt', 'other words');
    const index = await place.open();
    const controller = new AbortController();
    const indexing = codeOf(index.indexBuiltin(['hard.txt'], controller.signal));
    await place.reading('hard.txt');
    controller.abort(new Error('cancelled'));
    expect(await indexing).toBe('Error: cancelled');
    // The worker may be ended for it at any moment; what was under way in it is lost then.
    while ((await codeOf(index.indexBuiltin(['b.txt'], never))) === 'WORKER_LOST') {
      // Asked of the next one.
    }
    expect(await index.meta()).toMatchObject({ files: 1 });
  });

  test('fails alone if it triggers a defect; the others are indexed, prepared ones too', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('a.txt', 'some words');
    place.write('defect.txt', 'any');
    const index = await place.open();
    const [failed, indexed] = await index.indexBuiltin(['defect.txt', 'a.txt'], never);
    expect(failed).toMatchObject({ path: 'defect.txt', chunks: 0, error: { code: 'FILE_UNREADABLE' } });
    expect(failed?.error?.reason).toMatchObject({
      code: 'FILE_BREAKS_READER',
      params: { error: expect.stringContaining('Maximum call stack size exceeded') },
    });
    expect(indexed).toMatchObject({ path: 'a.txt', chunks: 1, error: null });
    expect(await codeOf(index.prepare('defect.txt', never))).toBe('FILE_UNREADABLE');
    expect((await index.prepare('a.txt', never)).chunks).toHaveLength(1);
  });

  test('fails for good at the limit, until it changes; the worker is another one', async () => {
    const { clock, place } = openStuck();
    await using _ = place;
    place.write('a.txt', 'some words');
    place.write('stuck.txt', 'never');
    const index = await place.open();
    const indexing = index.indexBuiltin(['a.txt', 'stuck.txt'], never).catch((error: unknown) => error);
    await place.reading('stuck.txt');
    const pid = place.store.workerPid();
    await clock.advance(60_000);
    expect(await indexing).toMatchObject({ code: 'FILE_TOO_COSTLY', details: { path: 'stuck.txt' } });
    expect(place.store.workerPid()).not.toBe(pid);
    const scan = await index.scan({ full: false }, never);
    expect(scan).toMatchObject({
      unchanged: 1,
      pending: [],
      skipped: [{ path: 'stuck.txt', code: 'FILE_TOO_COSTLY' }],
    });
    place.write('stuck.txt', 'never, never');
    expect((await index.scan({ full: false }, never)).pending.map((file) => file.path)).toEqual([
      'stuck.txt',
    ]);
  });

  test('is given up after three workers that were killed in the middle of it, and cores with them', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('stuck.txt', 'never');
    const index = await place.open();
    for (const count of [1, 2, 3]) {
      const indexing = codeOf(index.indexBuiltin(['stuck.txt'], never));
      await place.reading('stuck.txt');
      while (attempts(place.databaseFile, 'stuck.txt') < count) {
        // Asked until the worker has written it down.
        await index.meta();
      }
      await place.kill();
      expect(await indexing).toBe('WORKER_LOST');
    }
    const [outcome] = await index.indexBuiltin(['stuck.txt'], never);
    expect(outcome).toMatchObject({ chunks: 0, error: { code: 'FILE_TOO_COSTLY' } });
    expect((await index.scan({ full: false }, never)).skipped).toMatchObject([{ code: 'FILE_TOO_COSTLY' }]);
  });

  test('a cancel, or an end in order, is not counted against it', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('stuck.txt', 'never');
    const index = await place.open();
    const controller = new AbortController();
    const indexing = codeOf(index.indexBuiltin(['stuck.txt'], controller.signal));
    await place.reading('stuck.txt');
    while (attempts(place.databaseFile, 'stuck.txt') < 1) await index.meta();
    controller.abort(new Error('cancelled'));
    await indexing;
    while (attempts(place.databaseFile, 'stuck.txt') > 0) await index.meta();

    const last = codeOf(index.indexBuiltin(['stuck.txt'], never));
    await place.reading('stuck.txt');
    while (attempts(place.databaseFile, 'stuck.txt') < 1) await index.meta();
    await place.store.close();
    expect(['STOPPING', 'CANCELLED']).toContain(await last);
    expect(attempts(place.databaseFile, 'stuck.txt')).toBe(0);
  });

  test('one that takes all memory ends its thread alone', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('greedy.txt', 'more');
    place.write('b.txt', 'other words');
    const index = await place.open();
    const outcomes = await index.indexBuiltin(['greedy.txt', 'b.txt'], never);
    expect(outcomes).toMatchObject([{ error: { code: 'FILE_TOO_COSTLY' } }, { chunks: 1, error: null }]);
    expect((await index.scan({ full: false }, never)).skipped).toMatchObject([{ code: 'FILE_TOO_COSTLY' }]);
  });

  test('one that crashes the worker is given up by the fourth', async () => {
    const { place } = openStuck();
    await using _ = place;
    place.write('crash.txt', 'words');
    const index = await place.open();
    for (let count = 1; count <= 3; count += 1) {
      expect(await codeOf(index.indexBuiltin(['crash.txt'], never))).toBe('WORKER_LOST');
    }
    expect(await index.indexBuiltin(['crash.txt'], never)).toMatchObject([
      { error: { code: 'FILE_TOO_COSTLY' } },
    ]);
  });

  test('a job continues with the next file, and a folder can be cancelled and removed while it is stuck', async () => {
    const world = createFakeWorld();
    const { clock } = world;
    const place = openWorkplace({ clock }, entry);
    await using _ = place;
    place.write('a.txt', 'some words');
    place.write('stuck-1.txt', 'never');
    place.write('stuck-2.txt', 'never');
    place.write('z.txt', 'last words');
    const indexing = createIndexingService({
      ...world.dependencies,
      // Only the limits are in hand: the pause before the next worker is not what this is about.
      clock: { ...clock, sleep: async () => {} },
      vectors: place.store,
    });
    const source = await indexing.addSource({
      path: place.folder,
      embedder: builtin,
      wake: false,
      whenGpuGone: 'use-cpu',
    });
    const request = { sourceIds: null, full: false, rebuild: false, useGpu: false, callbackUrl: null };
    const job = indexing.startJob(request);
    for (const path of ['stuck-1.txt', 'stuck-2.txt']) {
      await place.reading(path);
      const found = await indexing.search({ text: 'some', sourceIds: null, limit: 5 }, never);
      expect(found.hits.map((hit) => hit.path)).toEqual(['a.txt']);
      await clock.advance(60_000);
    }
    await indexing.waitForJob(job.id, never);
    expect(indexing.job(job.id)).toMatchObject({
      status: 'completed',
      files: { failed: 2 },
      failures: [
        { path: 'stuck-1.txt', code: 'FILE_TOO_COSTLY' },
        { path: 'stuck-2.txt', code: 'FILE_TOO_COSTLY' },
      ],
    });
    const found = await indexing.search({ text: 'last', sourceIds: null, limit: 5 }, never);
    expect(found.hits[0]?.path).toBe('z.txt');

    const full = indexing.startJob({ ...request, full: true });
    await place.reading('stuck-1.txt');
    expect(indexing.cancelJob(full.id).status).toBe('cancelled');
    await indexing.removeSource(source.id);
    expect(existsSync(join(place.indexes, `${source.id}.db`))).toBe(false);
    await indexing.stop();
  });
});

describe('a worker in an endless loop', () => {
  test('itself: a query ends, a removal kills it, the next one answers', async () => {
    const { clock, place } = openStuck();
    await using _ = place;
    const index = await place.open();
    void codeOf(place.store.embedBuiltin(['block']));
    await place.progress();
    const pid = place.store.workerPid();
    const meta = codeOf(index.meta());
    await clock.advance(10_000);
    expect(await meta).toBe('INDEX_BUSY');
    const removed = place.store.removeIndex('source');
    await clock.advance(5000);
    await removed;
    expect(place.store.workerPid()).not.toBe(pid);
  });

  test.for(['process', 'reader', 'utility process'])(
    'ends with its core, killed by SIGKILL (busy: the %s)',
    async (what) => {
      const place = openWorkplace();
      await using _ = place;
      place.write('hard.txt', 'never');
      const witness = join(place.base, 'witness.sock');
      const server = createServer().listen(witness);
      await once(server, 'listening');
      const core = fork(
        fileURLToPath(new URL('../../fakes/stuck-core.ts', import.meta.url)),
        [entry, place.base, what],
        {
          execArgv: ['--disable-warning=ExperimentalWarning'],
          env: { ...process.env, PILOTLIGHT_TEST_WITNESS: witness },
        },
      );
      try {
        const connected = once(server, 'connection');
        await once(core, 'message');
        const [socket] = (await connected) as [Socket];
        const ended = once(socket.resume(), 'close');
        core.kill('SIGKILL');
        await ended;
      } finally {
        core.kill('SIGKILL');
        server.close();
      }
    },
  );
});
