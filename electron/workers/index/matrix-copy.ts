/** When the copy of an index's vectors is read, and when it is written again: see docs/decisions/0023. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { createCopyRecord } from './copy-record.ts';
import type { Matrix } from './matrix.ts';
import { readVectorCopy, writeVectorCopy } from './vector-copy.ts';

const COPY_FROM = 20_000;

/**
 * How many vectors a copy may lack or have too many: reading those from the table takes up to half a second, and
 * writing everything again for fewer would wear out the disk.
 */
export function maxDifference(vectors: number): number {
  return Math.min(50_000, Math.max(4000, Math.round(vectors / 20)));
}

export interface MatrixCopyOptions {
  database: DatabaseSync;
  /** Where the copy of the vectors is kept. */
  copyFile: string;
  /** A smaller index has no copy. Default 20,000 vectors, which are read in a fifth of a second. */
  copyFrom?: number;
}

export function createMatrixCopy(options: MatrixCopyOptions & { count: () => number }) {
  const { copyFile, copyFrom = COPY_FROM, count } = options;
  const record = createCopyRecord(options.database);
  /** Vectors removed since the copy that is being written was begun. */
  let removedMeanwhile: number[] | null = null;
  let writing: Promise<void> | null = null;
  let isClosed = false;

  function isBehind(): boolean {
    const vectors = count();
    const most = maxDifference(vectors);
    return vectors >= copyFrom && (record.difference(most + 1) ?? vectors) > most;
  }

  async function write(matrix: Matrix): Promise<void> {
    const token = randomUUID();
    const { lastId } = matrix;
    removedMeanwhile = [];
    try {
      await writeVectorCopy(copyFile, matrix, token, {
        goOn: () => !isClosed,
        beforeNaming: () => record.announce(token, lastId, removedMeanwhile ?? []),
        onNamed: () => record.settle(token, lastId, removedMeanwhile ?? []),
      });
    } catch {
      // A disk that is full, for example. Without it, the next start reads the vectors.
    } finally {
      removedMeanwhile = null;
    }
  }

  return {
    isBehind,

    /** Fills an empty matrix with what the copy has of the present vectors. False if there is no usable copy. */
    async read(matrix: Matrix, goOn: () => boolean): Promise<boolean> {
      const tokens = record.tokens();
      if (tokens.length === 0) return false;
      const onRead = () => {
        for (const id of record.removed()) matrix.remove(id);
      };
      const isRead = await readVectorCopy(copyFile, matrix, tokens, { goOn, onRead }).catch(() => false);
      if (!isRead && goOn() && writing === null) discard();
      return isRead;
    },

    /** Called after each commit. */
    noteRemoved(ids: readonly number[]): void {
      for (const id of ids) removedMeanwhile?.push(id);
    },

    /** Writes the copy if it has fallen behind; one at a time. */
    renew(matrix: Matrix): Promise<void> {
      if (writing !== null) return writing;
      if (isClosed || !isBehind()) return Promise.resolve();
      writing = write(matrix).finally(() => {
        writing = null;
      });
      return writing;
    },

    close(): void {
      isClosed = true;
    },
  };

  /** It is unusable, and has hundreds of megabytes. */
  function discard(): void {
    try {
      rmSync(copyFile, { force: true });
      record.forget();
    } catch {
      // The next one replaces it.
    }
  }
}
