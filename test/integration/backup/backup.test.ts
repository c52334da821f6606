import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isNewer, isSafePath, readHeader } from '../../../electron/host/backup/format.ts';
import { restoreBackup } from '../../../electron/host/backup/read.ts';
import { writeBackup } from '../../../electron/host/backup/write.ts';
import { tryLock } from '../../../electron/host/lock.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';

let work: string;
let data: string;
let file: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'pilotlight-backup-'));
  data = fill(join(work, 'data'), 'first');
  file = join(work, 'backup.pilotlight');
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function fill(folder: string, word: string): string {
  mkdirSync(join(folder, 'index'), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'ingested'));
  for (const name of ['state.sqlite', 'index/source_1.db']) {
    const database = new DatabaseSync(join(folder, name));
    database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE t (word TEXT); INSERT INTO t VALUES ('${word}')`);
    database.close();
  }
  writeFileSync(join(folder, 'ingested', 'ünïcode name.txt'), word);
  writeFileSync(join(folder, 'ingested', 'empty'), '');
  writeFileSync(
    join(folder, 'secrets.json'),
    `{"version":1,"secrets":{"a":{"by":"key-file","sealed":"${word}"}}}`,
  );
  writeFileSync(join(folder, 'secrets.key'), word);
  writeFileSync(join(folder, 'port'), '12345');
  return folder;
}

const wordIn = (folder: string, name = 'state.sqlite') => {
  const database = new DatabaseSync(join(folder, name), { readOnly: true });
  try {
    return database.prepare('SELECT word FROM t').get()?.word;
  } finally {
    database.close();
  }
};
const signal = new AbortController().signal;
const save = (passphrase?: string) =>
  writeBackup({ dataFolder: data, file, passphrase, now: Date.UTC(2026, 10, 28), signal });
const restore = (folder: string, more: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({
    ...{ dataFolder: folder, file, passphrase: undefined, withoutSecrets: false },
    ...{ now: Date.UTC(2026, 10, 29), signal },
    ...more,
  });
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (isPilotlightError(error) ? error.code : String(error)),
  );
/** Everything in a folder, to see that nothing has changed. */
const picture = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path, readFileSync(path, 'base64')]);

describe('a backup', () => {
  it('brings everything back into an empty folder, secrets aside', async () => {
    expect(await save()).toMatchObject({ files: 4, withSecrets: false });
    const empty = join(work, 'empty');
    mkdirSync(empty, { mode: 0o700 });
    expect(await restore(empty)).toMatchObject({ files: 4, withSecrets: false, before: null });
    expect(readdirSync(empty).sort()).toEqual(['core.lock', 'index', 'ingested', 'state.sqlite']);
    expect(wordIn(empty)).toBe('first');
    expect(wordIn(empty, 'index/source_1.db')).toBe('first');
    expect(readFileSync(join(empty, 'ingested', 'ünïcode name.txt'), 'utf8')).toBe('first');
  });

  it('contains no secret without a passphrase, and no readable one with it', async () => {
    writeFileSync(join(data, 'secrets.key'), 'the-secret-key');
    await save('correct horse');
    const plain = readFileSync(file);
    expect(plain.includes('the-secret-key')).toBe(false);
    expect(plain.includes(Buffer.from('the-secret-key').toString('base64'))).toBe(false);
    const other = fill(join(work, 'other'), 'second');
    expect(await restore(other, { passphrase: 'correct horse' })).toMatchObject({ withSecrets: true });
    expect(readFileSync(join(other, 'secrets.key'), 'utf8')).toBe('the-secret-key');
  });

  it('keeps what was there before', async () => {
    await save();
    const other = fill(join(work, 'other'), 'second');
    const { before } = await restore(other);
    expect(wordIn(other)).toBe('first');
    expect(wordIn(before ?? '')).toBe('second');
    // Secrets are not in the backup, so the present ones stay in use.
    expect(readFileSync(join(other, 'secrets.key'), 'utf8')).toBe('second');
    // What was kept is not saved again and again.
    data = other;
    rmSync(file);
    expect(await save()).toMatchObject({ files: 4 });
  });

  it('never replaces a file, and needs Pilotlight to be stopped', async () => {
    writeFileSync(file, 'mine');
    expect(await code(save())).toBe('BACKUP_EXISTS');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    rmSync(file);
    const lock = tryLock(data);
    expect(await code(save())).toBe('ALREADY_RUNNING');
    lock?.release();
    await save();
    const other = fill(join(work, 'other'), 'second');
    const held = tryLock(other);
    expect(await code(restore(other))).toBe('ALREADY_RUNNING');
    held?.release();
    expect(wordIn(other)).toBe('second');
  });

  it('is refused in words where its folder does not exist', async () => {
    file = join(work, 'nowhere', 'backup');
    expect(await code(save())).toBe('BAD_REQUEST');
    expect(readdirSync(work)).toEqual(['data']);
  });
});

describe('a backup that cannot be used changes nothing', () => {
  let other: string;
  let before: unknown;
  beforeEach(async () => {
    await save('correct horse');
    other = fill(join(work, 'other'), 'second');
    // The lock's own file, which stays.
    tryLock(other)?.release();
    before = picture(other);
  });
  const refused = async (expected: string, more: Partial<Parameters<typeof restoreBackup>[0]> = {}) => {
    expect(await code(restore(other, { passphrase: 'correct horse', ...more }))).toBe(expected);
    expect(picture(other)).toEqual(before);
  };
  const edit = (change: (header: Record<string, unknown>) => void) => {
    const bytes = readFileSync(file);
    const end = bytes.indexOf(0x0a);
    const header = JSON.parse(bytes.toString('utf8', 0, end));
    change(header);
    writeFileSync(file, Buffer.concat([Buffer.from(JSON.stringify(header)), bytes.subarray(end)]));
  };

  it('without its passphrase, or with a wrong one', async () => {
    await refused('BACKUP_PASSPHRASE_NEEDED', { passphrase: undefined });
    await refused('BACKUP_PASSPHRASE', { passphrase: 'wrong' });
    expect(await restore(other, { withoutSecrets: true })).toMatchObject({ withSecrets: false });
  });

  it('from a newer version', async () => {
    edit((header) => Object.assign(header, { program: '999.0.0' }));
    await refused('BACKUP_NEWER');
    edit((header) => Object.assign(header, { program: '0.0.1', state: 9_999 }));
    await refused('BACKUP_NEWER');
    edit((header) => Object.assign(header, { version: 2, other: 'shape' }));
    await refused('BACKUP_NEWER');
  });

  it('from another computer, if its key store sealed the secrets', async () => {
    rmSync(file);
    writeFileSync(join(data, 'secrets.json'), '{"version":1,"secrets":{"a":{"by":"system","sealed":"x"}}}');
    await save('correct horse');
    await refused('BACKUP_OTHER_MACHINE', { machine: 'another' });
    expect(await restore(other, { passphrase: 'correct horse' })).toMatchObject({ withSecrets: true });
  });

  it('cut anywhere', { timeout: 60_000 }, async () => {
    const whole = readFileSync(file);
    const header = whole.indexOf(0x0a) + 1;
    for (const length of [
      header + 1,
      header + 12,
      Math.floor((header + whole.length) / 2),
      whole.length - 1,
    ]) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      await refused('BACKUP_CUT');
    }
    for (const length of [0, 10, header - 1]) {
      truncateSync(file, length);
      await refused('BACKUP_UNREADABLE');
    }
  });

  it('with one changed byte, or a changed header', async () => {
    const whole = readFileSync(file);
    whole[whole.length - 6] = (whole[whole.length - 6] ?? 0) ^ 1;
    writeFileSync(file, whole);
    await refused('BACKUP_UNREADABLE');
    rmSync(file);
    await save('correct horse');
    edit((header) => Object.assign(header, { createdAt: 1 }));
    await refused('BACKUP_UNREADABLE');
  });

  it('that is no backup, or has a path that leads out', async () => {
    for (const content of ['', 'hello\n', '{}\n', '{"format":"pilotlight","version":1}\n']) {
      writeFileSync(file, content);
      await refused('BACKUP_UNREADABLE');
    }
    rmSync(file);
    await save('correct horse');
    const bytes = readFileSync(file);
    const head = bytes.subarray(0, bytes.indexOf(0x0a) + 1);
    for (const path of ['../out', '/etc/x', 'a/../../out', 'core.lock', 'port']) {
      writeFileSync(file, Buffer.concat([head, gzipSync(`${JSON.stringify({ path, size: 1 })}\nx`)]));
      await refused('BACKUP_UNREADABLE');
    }
    expect(existsSync(join(work, 'out'))).toBe(false);
  });

  it('when it is stopped', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await code(restore(other, { passphrase: 'correct horse', signal: stop.signal }))).not.toBe('done');
    expect(picture(other)).toEqual(before);
  });
});

describe('the format', () => {
  it('knows which version is newer', () => {
    expect(isNewer('1.10.0', '1.9.9')).toBe(true);
    expect(isNewer('1.0.0', '1.0.0')).toBe(false);
    expect(isNewer('0.9.9', '1.0.0')).toBe(false);
    expect(isNewer('1.0.1-beta.1', '1.0.0')).toBe(true);
  });

  it('refuses paths that no data folder has', () => {
    expect(['a', 'a/b.db', 'ä b'].every(isSafePath)).toBe(true);
    expect(['', '/a', 'a/', '..', 'a/../b', 'a\\b', 'C:x', 'a\nb', './a'].some(isSafePath)).toBe(false);
  });

  it('refuses a header that is not whole', () => {
    const here = { program: '1.0.0', state: 3 };
    for (const line of ['', 'null', '{"format":"pilotlight-backup","version":1}'])
      expect(() => readHeader(line, here)).toThrow(expect.objectContaining({ code: 'BACKUP_UNREADABLE' }));
  });
});
