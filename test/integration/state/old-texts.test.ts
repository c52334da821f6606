/** A state database as an earlier version wrote it, with text where there are messages now. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobTextToMessages, migrate, migrations } from '../../../electron/adapters/state/migrations.ts';
import { createSqliteStore } from '../../../electron/adapters/state/sqlite-store.ts';
import { startHost } from '../../../electron/host/start-host.ts';
import { openDatabase } from '../../../electron/workers/index/database.ts';
import { createFileRows } from '../../../electron/workers/index/file-rows.ts';
import { fact, plainText } from '../../../shared/models/message.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-old-'));
  path = join(folder, 'state.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The database before this migration. */
function oldDatabase(migration: string): DatabaseSync {
  const database = new DatabaseSync(path);
  migrate(database, migrations.slice(0, migrations.indexOf(migration)));
  return database;
}

const oldJob = (own: Record<string, unknown>) => ({
  id: 'job_1',
  sourceIds: ['source_1'],
  label: 'Notes',
  full: false,
  rebuild: false,
  useGpu: true,
  callbackUrl: null,
  status: 'completed',
  phase: 'done',
  detail: '2 files indexed, 1 failed.',
  createdAt: 10,
  startedAt: 10,
  endedAt: 20,
  files: { total: 3, done: 2, unchanged: 0, removed: 0, failed: 1, skipped: 0 },
  vectors: 12,
  fallbackVectors: 4,
  etaMs: null,
  currentFile: '',
  nodes: [{ nodeId: 'nas', name: 'nas', placement: 'cpu', vectors: 12, vectorsPerSecond: 0 }],
  events: [
    { at: 12, kind: 'woke', nodeId: 'tower', message: 'tower is awake.' },
    { at: 14, kind: 'fell-back', nodeId: 'nas', message: 'tower is gone: nas goes on with its CPU.' },
  ],
  failures: [{ path: 'a "b".md', code: 'FILE_UNREADABLE', reason: 'Access to the file is denied.' }],
  error: null,
  resumed: false,
  ...own,
});

function putJobs(
  ...jobs: (Record<string, unknown> & { id: string; status: string; createdAt: number })[]
): void {
  const database = oldDatabase(jobTextToMessages);
  const insert = database.prepare('INSERT INTO jobs (id, created_at, status, value) VALUES (?, ?, ?, ?)');
  for (const job of jobs) insert.run(job.id, job.createdAt, job.status, JSON.stringify(job));
  database.close();
}

describe('the index jobs of an earlier version', () => {
  it('are read with their texts as messages', () => {
    putJobs(
      oldJob({}),
      // Of a version that listed no skipped files.
      oldJob({ id: 'job_2', label: 'all folders', createdAt: 11, events: [], failures: [] }),
      oldJob({
        id: 'job_3',
        createdAt: 12,
        leftOut: [{ path: 'x.bin', code: 'FILE_BINARY', reason: 'The file holds NUL bytes.' }],
      }),
    );
    const damaged: unknown[] = [];
    const { store } = createSqliteStore({ path, onDamagedRow: (row) => damaged.push(row) });
    expect(store.jobs.list(10)).toMatchObject([
      {
        id: 'job_3',
        leftOut: [{ path: 'x.bin', code: 'FILE_BINARY', reason: plainText('The file holds NUL bytes.') }],
      },
      { id: 'job_2', label: fact('ALL_FOLDERS'), events: [], failures: [], leftOut: [] },
      {
        id: 'job_1',
        label: plainText('Notes'),
        detail: plainText('2 files indexed, 1 failed.'),
        vectors: 12,
        events: [
          { at: 12, kind: 'woke', nodeId: 'tower', message: plainText('tower is awake.') },
          { at: 14, message: plainText('tower is gone: nas goes on with its CPU.') },
        ],
        failures: [
          {
            path: 'a "b".md',
            code: 'FILE_UNREADABLE',
            reason: plainText('Access to the file is denied.'),
          },
        ],
        leftOut: [],
      },
    ]);
    expect(damaged).toEqual([]);
    store.close();
  });

  it('do not hold up the start if a row is damaged, and the others are read', () => {
    const database = oldDatabase(jobTextToMessages);
    const insert = database.prepare('INSERT INTO jobs (id, created_at, status, value) VALUES (?, ?, ?, ?)');
    insert.run('broken', 1, 'completed', '{"label": "No');
    insert.run('list', 2, 'completed', '[]');
    insert.run(
      'odd',
      3,
      'completed',
      JSON.stringify(oldJob({ id: 'odd', events: [1, 'two', null, [3], {}] })),
    );
    insert.run('job_1', 4, 'completed', JSON.stringify(oldJob({})));
    database.close();
    const damaged: string[] = [];
    const { store } = createSqliteStore({ path, onDamagedRow: ({ table }) => damaged.push(table) });
    expect(store.jobs.list(10).map(({ id }) => id)).toEqual(['job_1']);
    expect(damaged).toEqual(['jobs', 'jobs', 'jobs']);
    store.close();
  });

  it('are continued by the core, under their names', async () => {
    putJobs(oldJob({ status: 'running', phase: 'embedding', endedAt: null }));
    await using host = await startHost({
      dataFolder: folder,
      environment: { OLLAMA_HOST: '127.0.0.1:9' },
      panelRoot: null,
    }).then((started) => Object.assign(started, { [Symbol.asyncDispose]: () => started.stop() }));
    const job = await host.core.services.indexing.waitForJob('job_1', AbortSignal.timeout(50_000));
    // Its folder is not in the list any more.
    expect(job).toMatchObject({
      label: plainText('Notes'),
      status: 'failed',
      error: { code: 'NOTHING_TO_INDEX' },
    });
    expect(host.core.services.activity.list({ limit: 5 }).map(({ message }) => message)).toContainEqual(
      expect.objectContaining({
        code: 'INDEXING_FAILED',
        params: expect.objectContaining({ folders: ['Notes'] }),
      }),
    );
  });
});

describe('the index of an earlier version', () => {
  it('names its skipped files with their reasons as messages', () => {
    const file = join(folder, 'source.db');
    const created = openDatabase(file, null).database;
    // The second version had the same tables, without those of later migrations.
    created.exec(`
      INSERT INTO files (path, size, modified_ms, changed_ms, settled, hash, recipe, language, chunk_count,
        problem_code, problem_reason)
      VALUES ('a.bin', 1, 1, 1, 1, x'00', '1:64', '', 0, 'FILE_BINARY', 'The file is a "ZIP" archive.'),
        ('b.txt', 1, 1, 1, 1, x'00', '1:64', 'text', 1, NULL, NULL);
      DROP TABLE removed_vectors;
      DROP TABLE removed_remotely;
      ALTER TABLE files DROP COLUMN places;
      PRAGMA user_version = 2`);
    created.close();

    const { database, keptAs } = openDatabase(file, null);
    const states = createFileRows(database).states();
    database.close();
    expect(keptAs).toBeNull();
    expect(states.get('b.txt')?.problem).toBeNull();
    expect(states.get('a.bin')?.problem).toEqual({
      code: 'FILE_BINARY',
      reason: plainText('The file is a "ZIP" archive.'),
    });
  });
});
