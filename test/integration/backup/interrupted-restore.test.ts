import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { INDEX_SCHEMA, TASKS_SCHEMA } from '../../../electron/adapters/schema-versions.ts';
import { settleRestore } from '../../../electron/host/backup/journal.ts';
import { restoreBackup } from '../../../electron/host/backup/read.ts';
import { writeBackup } from '../../../electron/host/backup/write.ts';
import { startHost } from '../../../electron/host/start-host.ts';
import { MIGRATIONS as indexMigrations } from '../../../electron/workers/index/database.ts';
import { MIGRATIONS as taskMigrations } from '../../../electron/workers/queue/database.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { type ChildProcess, fork } from '../../fakes/children.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

let work: string;
let folder: string;
let file: string;
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'pilotlight-restore-'));
  file = join(work, 'backup');
  await writeBackup({
    ...{ dataFolder: fill('saved', 'new'), file, passphrase: undefined, now: 0 },
    signal: new AbortController().signal,
  });
  folder = fill('data', 'old');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function fill(name: string, word: string): string {
  const path = join(work, name);
  mkdirSync(join(path, 'index'), { recursive: true, mode: 0o700 });
  writeFileSync(join(path, 'state.sqlite'), word);
  writeFileSync(join(path, 'tasks.sqlite'), word);
  writeFileSync(join(path, 'index', 'one.db'), word);
  writeFileSync(join(path, 'secrets.json'), word);
  // Each has something that the other has not.
  writeFileSync(join(path, `only-${word}`), word);
  return path;
}

const restore = (rename?: (from: string, to: string) => void) =>
  restoreBackup({
    ...{ dataFolder: folder, file, passphrase: undefined, withoutSecrets: false, now: 0 },
    ...{ signal: new AbortController().signal, ...(rename && { rename }) },
  });
/** What is in the folder, without what was kept and without the lock. */
const picture = () =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !/before-restore|core\.lock/.test(path))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  );
const before = {
  ...{ 'index/one.db': 'old', 'only-old': 'old', 'secrets.json': 'old' },
  ...{ 'state.sqlite': 'old', 'tasks.sqlite': 'old' },
};
const after = {
  ...{ 'index/one.db': 'new', 'only-new': 'new', 'secrets.json': 'old' },
  ...{ 'state.sqlite': 'new', 'tasks.sqlite': 'new' },
};
/** Four former names and four new ones. */
const renames = 8;

/** Ends in the place of the n-th rename, as a process does that is killed: nothing after it runs. */
class Killed extends Error {}
function killedAt(step: number) {
  let count = 0;
  return (from: string, to: string) => {
    count += 1;
    if (count >= step) throw new Killed();
    renameSync(from, to);
  };
}

describe('a restore whose renames fail', () => {
  it.each(Array.from({ length: renames }, (_, index) => index + 1))(
    'at step %i has changed nothing',
    async (step) => {
      await expect(restore(killedAt(step))).rejects.toThrow(Killed);
      expect(picture()).toEqual(before);
      expect(readdirSync(folder).filter((name) => /restore/.test(name))).toEqual([]);
      expect(settleRestore(folder)).toBe('nothing');
      expect(picture()).toEqual(before);
    },
  );

  it('is done when none of them does', async () => {
    let count = 0;
    const { before: kept } = await restore((from, to) => {
      count += 1;
      renameSync(from, to);
    });
    expect(count).toBe(renames);
    expect(picture()).toEqual(after);
    expect(readFileSync(join(kept ?? '', 'only-old'), 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.startsWith('unfinished'))).toEqual([]);
  });
});

/** A process of its own that kills itself with SIGKILL at a step of a restore. */
async function killedProcess(step: number): Promise<NodeJS.Signals | null> {
  const child: ChildProcess = fork(
    new URL('../../fakes/killed-restore.ts', import.meta.url).pathname,
    [folder, file, String(step)],
    { stdio: 'ignore' },
  );
  return new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
}

describe.runIf(process.platform !== 'win32')('a restore that is killed', () => {
  it.each(Array.from({ length: renames + 1 }, (_, index) => index + 1))(
    'before rename %i is finished at the next start',
    async (step) => {
      const signal = await killedProcess(step);
      if (step <= renames) {
        expect(signal).toBe('SIGKILL');
        expect(settleRestore(folder)).toBe('finished');
      } else expect(signal).toBeNull();
      expect(picture()).toEqual(after);
      expect(settleRestore(folder)).toBe('nothing');
      const [kept = ''] = readdirSync(folder).filter((name) => name.startsWith('before-restore'));
      expect(readdirSync(join(folder, kept)).sort()).toEqual([
        'index',
        'only-old',
        'state.sqlite',
        'tasks.sqlite',
      ]);
      expect(readdirSync(folder).filter((name) => name.startsWith('unfinished'))).toEqual([]);
    },
  );

  it('is finished before another one begins', async () => {
    await killedProcess(3);
    // It finishes the first one, and is killed in its own renames.
    await killedProcess(4);
    expect(settleRestore(folder)).toBe('finished');
    expect(picture()).toEqual(after);
    expect(readdirSync(folder).filter((name) => name.startsWith('before-restore'))).toHaveLength(2);
  });

  it('before its renames has changed nothing, and leaves nothing', async () => {
    expect(await killedProcess(0)).toBe('SIGKILL');
    expect(readdirSync(folder).some((name) => name.startsWith('unfinished'))).toBe(true);
    expect(settleRestore(folder)).toBe('nothing');
    expect(picture()).toEqual(before);
    expect(readdirSync(folder).filter((name) => /restore/.test(name))).toEqual([]);
  });
});

it('a journal that was changed moves nothing', () => {
  const journal = { work: '../elsewhere', before: 'before-restore-1', former: ['..'], fresh: [] };
  writeFileSync(join(folder, 'unfinished-restore-journal.json'), JSON.stringify(journal));
  expect(settleRestore(folder)).toBe('nothing');
  expect(picture()).toMatchObject(before);
});

it('a core finishes it and says so, before it opens anything', async () => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'unfinished-restore-abcdef', 'new', 'ingested'), { recursive: true });
  writeFileSync(join(folder, 'unfinished-restore-abcdef', 'new', 'ingested', 'a.txt'), 'restored');
  const journal = {
    work: 'unfinished-restore-abcdef',
    before: 'before-restore-1',
    former: [],
    fresh: ['ingested'],
  };
  writeFileSync(join(folder, 'unfinished-restore-journal.json'), JSON.stringify(journal));
  const host = await startHost({
    dataFolder: folder,
    panelRoot: null,
    log: createRememberingLog(),
    resumeJobs: false,
  });
  try {
    expect(host.core.services.status.current().notices.map(({ code }) => code)).toEqual(['RESTORE_FINISHED']);
    expect(readFileSync(join(folder, 'ingested', 'a.txt'), 'utf8')).toBe('restored');
  } finally {
    await host.stop();
  }
});

describe('the versions of what is restored', () => {
  it('are those that this version knows', () => {
    expect([TASKS_SCHEMA, INDEX_SCHEMA]).toEqual([taskMigrations.length, indexMigrations.length]);
  });

  it.each([
    ['state.sqlite', 9999],
    ['tasks.sqlite', TASKS_SCHEMA + 1],
    ['index/one.db', INDEX_SCHEMA + 1],
  ])('are checked in %s itself, whatever the backup says', async (path, version) => {
    const source = fill('newer', 'x');
    rmSync(join(source, path));
    const database = new DatabaseSync(join(source, path));
    database.exec(`CREATE TABLE t (a); PRAGMA user_version = ${version}`);
    database.close();
    rmSync(file);
    await writeBackup({
      ...{ dataFolder: source, file, passphrase: undefined, now: 0 },
      signal: new AbortController().signal,
    });
    const bytes = readFileSync(file);
    const end = bytes.indexOf(0x0a);
    const header = JSON.parse(bytes.toString('utf8', 0, end));
    expect(header.state).toBe(path === 'state.sqlite' ? version : 0);
    const code = await restore().then(
      () => 'done',
      (error: unknown) => (isPilotlightError(error) ? error.code : String(error)),
    );
    expect(code).toBe('BACKUP_NEWER');
    expect(picture()).toEqual(before);
    expect(readdirSync(folder).filter((name) => /restore/.test(name))).toEqual([]);
  });
});
