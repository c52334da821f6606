/**
 * Counts what an index has lost or holds twice, from its file alone, or also from the folder if `expected` is given.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Chunk } from '../../../shared/models/indexing.ts';

export interface IndexVerdict {
  files: number;
  chunks: number;
  vectors: number;
  /** Chunks that are missing, or lack their vector or their words. */
  lost: number;
  /** Chunks, vectors or words that are duplicated or belong to nothing. */
  repeated: number;
  /** The first twenty findings, as text. */
  findings: string[];
}

/** What a file of the folder should have produced. */
export interface ExpectedFiles {
  /** Canonical absolute path. */
  folder: string;
  /** Relative, with `/`: the files that must be in the index. */
  paths: readonly string[];
  cut(bytes: Uint8Array, path: string): { ok: true; chunks: readonly Chunk[] } | { ok: false };
}

export function verifyIndex(databaseFile: string, expected?: ExpectedFiles): IndexVerdict {
  const database = new DatabaseSync(databaseFile, { readOnly: true, timeout: 5000 });
  try {
    const number = (query: string): number => Number(database.prepare(query).get()?.number ?? 0);
    const verdict: IndexVerdict = {
      files: number('SELECT count(*) AS number FROM files WHERE problem_code IS NULL'),
      chunks: number('SELECT count(*) AS number FROM chunks'),
      vectors: number('SELECT count(*) AS number FROM vectors'),
      lost: 0,
      repeated: 0,
      findings: [],
    };
    function find(kind: 'lost' | 'repeated', count: number, what: string): void {
      if (count <= 0) return;
      verdict[kind] += count;
      if (verdict.findings.length < 20) verdict.findings.push(`${count} ${kind}: ${what}`);
    }

    for (const row of database
      .prepare(
        `SELECT path, chunk_count - (SELECT count(*) FROM chunks WHERE file_id = files.id) AS missing
         FROM files WHERE missing <> 0`,
      )
      .all()) {
      const missing = Number(row.missing);
      find(missing > 0 ? 'lost' : 'repeated', Math.abs(missing), `chunks of ${row.path}`);
    }
    find(
      'lost',
      number('SELECT count(*) AS number FROM chunks WHERE id NOT IN (SELECT chunk_id FROM vectors)'),
      'vectors',
    );
    find(
      'lost',
      number('SELECT count(*) AS number FROM chunks WHERE id NOT IN (SELECT id FROM words_docsize)'),
      'words',
    );
    find(
      'repeated',
      number('SELECT count(*) AS number FROM chunks WHERE file_id NOT IN (SELECT id FROM files)'),
      'chunks without a file',
    );
    find(
      'repeated',
      number('SELECT count(*) AS number FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks)'),
      'vectors without a chunk',
    );
    find(
      'repeated',
      number('SELECT count(*) AS number FROM words_docsize WHERE id NOT IN (SELECT id FROM chunks)'),
      'words without a chunk',
    );
    find(
      'repeated',
      number(
        `SELECT (SELECT count(*) FROM chunks) - count(*) AS number
         FROM (SELECT DISTINCT file_id, start_byte, end_byte, text FROM chunks)`,
      ),
      'chunks of the same place',
    );
    if (expected !== undefined) compare(database, expected, find);
    return verdict;
  } finally {
    database.close();
  }
}

function compare(
  database: DatabaseSync,
  expected: ExpectedFiles,
  find: (kind: 'lost' | 'repeated', count: number, what: string) => void,
): void {
  const select = database.prepare(
    `SELECT start_byte, end_byte, text FROM chunks
     WHERE file_id = (SELECT id FROM files WHERE path = ?) ORDER BY ordinal`,
  );
  const key = (start: unknown, end: unknown, text: unknown) => `${start}:${end}:${text}`;
  const wanted = new Set(expected.paths);
  for (const path of expected.paths) {
    const file = expected.cut(readFileSync(join(expected.folder, ...path.split('/'))), path);
    const left = new Map<string, number>();
    for (const row of select.all(path)) {
      const found = key(row.start_byte, row.end_byte, row.text);
      left.set(found, (left.get(found) ?? 0) + 1);
    }
    let lost = 0;
    for (const chunk of file.ok ? file.chunks : []) {
      const found = key(chunk.startByte, chunk.endByte, chunk.text);
      const count = left.get(found) ?? 0;
      if (count === 0) lost += 1;
      else left.set(found, count - 1);
    }
    find('lost', lost, `chunks of ${path}, compared with the file`);
    const surplus = [...left.values()].reduce((sum, count) => sum + count, 0);
    find('repeated', surplus, `chunks of ${path}, compared with the file`);
  }
  for (const row of database.prepare('SELECT path, chunk_count FROM files').all()) {
    if (!wanted.has(String(row.path))) find('repeated', Number(row.chunk_count), `chunks of ${row.path}`);
  }
}
