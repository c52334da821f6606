import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWriteAheadLog } from '../../../../electron/adapters/state/write-ahead-log.ts';

const PAGE = 4096;
const FRAME = 24 + PAGE;
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-log-'));
  path = join(folder, 'copy.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Copies what a killed process leaves: the three files, while the database is still open. */
function leave(work: (database: DatabaseSync) => void): void {
  const file = join(folder, 'open.sqlite');
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (x TEXT)');
    work(database);
    for (const suffix of ['', '-wal', '-shm'])
      if (existsSync(file + suffix)) copyFileSync(file + suffix, path + suffix);
  } finally {
    database.close();
  }
}

const insert = (database: DatabaseSync, count: number) => {
  for (let index = 0; index < count; index += 1)
    database.prepare('INSERT INTO t VALUES (?)').run(`row ${index}`);
};

function rowsLeft(): number {
  const database = new DatabaseSync(path);
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM t').get()?.n);
  } finally {
    database.close();
  }
}

const flip = (suffix: string, at: number) => {
  const bytes = readFileSync(path + suffix);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(path + suffix, bytes);
};

describe('the write-ahead log', () => {
  it('is whole as a killed process leaves it', () => {
    leave((database) => insert(database, 10));
    expect(checkWriteAheadLog(path)).toMatchObject({ damaged: false });
    expect(rowsLeft()).toBe(10);
  });

  it('is whole where there is none, and where it is empty', () => {
    leave((database) => {
      insert(database, 3);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    });
    expect(checkWriteAheadLog(path)).toEqual({ damaged: false, frames: 0 });
    expect(checkWriteAheadLog(join(folder, 'nothing.sqlite'))).toEqual({ damaged: false, frames: 0 });
  });

  it('is whole after it was begun again, with frames of its last round behind', () => {
    leave((database) => {
      insert(database, 40);
      database.exec('PRAGMA wal_checkpoint(RESTART)');
      insert(database, 2);
    });
    expect(checkWriteAheadLog(path)).toMatchObject({ damaged: false });
    expect(rowsLeft()).toBe(42);
  });

  it('is whole with a transaction that was not committed', () => {
    leave((database) => {
      insert(database, 4);
      database.exec('PRAGMA cache_size = 2; BEGIN');
      for (let index = 0; index < 30; index += 1)
        database.exec('INSERT INTO t VALUES (hex(randomblob(2000)))');
    });
    expect(checkWriteAheadLog(path)).toMatchObject({ damaged: false });
    expect(rowsLeft()).toBe(4);
  });

  it('is whole with half of a frame at its end, as a crash in a write leaves it', () => {
    leave((database) => insert(database, 4));
    const bytes = readFileSync(`${path}-wal`);
    writeFileSync(`${path}-wal`, Buffer.concat([bytes, bytes.subarray(32, 32 + 900)]));
    expect(checkWriteAheadLog(path)).toMatchObject({ damaged: false });
  });

  it.each([
    ['a bit of a page', () => flip('-wal', 32 + FRAME + 500)],
    ['a bit of a checksum', () => flip('-wal', 32 + FRAME + 18)],
    ['a bit of its header', () => flip('-wal', 10)],
    ['its header', () => writeFileSync(`${path}-wal`, Buffer.alloc(readFileSync(`${path}-wal`).length))],
    ['its end', () => truncateSync(`${path}-wal`, readFileSync(`${path}-wal`).length - FRAME)],
    ['everything', () => truncateSync(`${path}-wal`, 0)],
    ['the file', () => rmSync(`${path}-wal`)],
  ])('is damaged where it lost %s', (_, damage) => {
    leave((database) => insert(database, 10));
    damage();
    expect(checkWriteAheadLog(path).damaged).toBe(true);
  });

  it('is known to be damaged in its middle without its index', () => {
    leave((database) => insert(database, 10));
    rmSync(`${path}-shm`);
    expect(checkWriteAheadLog(path).damaged).toBe(false);
    flip('-wal', 32 + 2 * FRAME + 500);
    expect(checkWriteAheadLog(path).damaged).toBe(true);
  });

  it('lets a damaged index say nothing', () => {
    leave((database) => insert(database, 10));
    flip('-shm', 17);
    expect(checkWriteAheadLog(path)).toMatchObject({ damaged: false });
    writeFileSync(`${path}-shm`, 'short');
    expect(checkWriteAheadLog(path)).toMatchObject({ damaged: false });
    expect(rowsLeft()).toBe(10);
  });
});
