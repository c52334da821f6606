/** Files of one source on their way to be stored: read, recognised and cut, each with its limits. */
import { abortable } from '../../../shared/abortable.ts';
import { type ErrorCode, PilotlightError } from '../../../shared/contract/errors.ts';
import type { FileAtWork, FileStamp, IndexSettings } from '../../adapters/vectors/protocol.ts';
import { CUT_VERSION } from '../../core/indexing/cut.ts';
import type { Timer } from '../../core/ports/time.ts';
import { hasCode } from './failures.ts';
import type { FileRows, ReadFile } from './file-rows.ts';
import { readStable, resolveInside, stampOf } from './read-file.ts';
import type { Reader } from './reader.ts';

/** Workers that may end in the middle of a file before it is given up. */
const MOST_ATTEMPTS = 3;

export interface ReaderWorld {
  now: () => number;
  timer(ms: number, fn: () => void): Timer;
  reader: Pick<Reader, 'read'>;
  /** Names this run of the worker. */
  run: string;
  /** A file that takes longer is written down as one that is being read, milliseconds. */
  attemptAfterMs: number;
}

/** How one call works on files. */
export interface FileTurn {
  signal: AbortSignal;
  /** Reports the file that the call is busy with; null while it waits. */
  onFile(file: FileAtWork | null): void;
}

/** Another recipe means that a file is cut otherwise. */
export const recipeOf = (settings: IndexSettings) => `${CUT_VERSION}:${settings.chunkTokens}`;

export function createSourceReader({
  world,
  root,
  rows,
  onRemoved,
  onFailed,
}: {
  world: ReaderWorld;
  /** The folder of the source. */
  root: string;
  rows: FileRows;
  /** Chunks of a file that has none any more. */
  onRemoved(chunkIds: readonly number[]): void;
  /** Nothing more is to be done for this file. */
  onFailed(path: string): void;
}) {
  /** Files that are written down as being read by this run. */
  const noted = new Set<string>();

  /** What cannot be indexed as it is, is remembered, so that it is not read again. */
  function fail(
    path: string,
    stamp: FileStamp & Pick<ReadFile, 'settled' | 'hash'>,
    recipe: string,
    problem: { code: ErrorCode; reason: string },
  ): PilotlightError {
    const { size, modifiedMs, changedMs, settled, hash } = stamp;
    const file = {
      size,
      modifiedMs,
      changedMs,
      settled,
      hash,
      path,
      recipe,
      problem,
      language: '',
      chunks: [],
    };
    const { removedIds } = rows.put(file, []);
    onRemoved(removedIds);
    onFailed(path);
    return new PilotlightError(problem.code, { message: problem.reason, details: { path } });
  }

  function giveUp(
    path: string,
    stamp: FileStamp,
    settings: IndexSettings,
    reason = new PilotlightError('FILE_TOO_COSTLY').message,
  ): PilotlightError {
    // No hash: whatever the file holds when its times have changed is new.
    const unread = { ...stamp, settled: true, hash: new Uint8Array(0) };
    return fail(path, unread, recipeOf(settings), { code: 'FILE_TOO_COSTLY', reason });
  }

  /** Reads, recognises and cuts, and embeds where that is wanted. */
  async function read(
    path: string,
    settings: IndexSettings,
    { signal, onFile }: FileTurn,
    embed: boolean,
  ): Promise<{ file: ReadFile; vectors: Float32Array[] }> {
    onFile({ path, stamp: null });
    // A disk that doesn't answer must not hold up a cancel.
    const absolute = await abortable(resolveInside(root, path), signal);
    const now = await abortable(stampOf(absolute, path), signal);
    if (rows.attempts(path, now) >= MOST_ATTEMPTS) throw giveUp(path, now, settings);
    const recipe = recipeOf(settings);
    let note = null as Timer | null;
    try {
      onFile({ path, stamp: now });
      const { bytes, ...stamp } = await abortable(
        readStable({ absolute, path, maxBytes: settings.maxFileBytes, signal, now: world.now }),
        signal,
      );
      onFile(null);
      const { cut, vectors: made } = await world.reader.read(
        { bytes, path, maxTokens: settings.chunkTokens, embed },
        {
          signal,
          onStep(isReading) {
            onFile({ path, stamp: now });
            if (isReading) note ??= world.timer(world.attemptAfterMs, () => noteAttempt(path, now));
          },
        },
      );
      if (!cut.ok) throw fail(path, stamp, recipe, { code: cut.code, reason: cut.reason });
      const { language, chunks } = cut;
      return { file: { ...stamp, path, recipe, problem: null, language, chunks }, vectors: made ?? [] };
    } catch (error) {
      // The thread's verdict on a file applies until the file changes.
      if (!hasCode(error, 'FILE_TOO_COSTLY')) throw error;
      throw giveUp(path, now, settings, (error as PilotlightError).message);
    } finally {
      note?.cancel();
      forgetAttempt(path);
    }
  }

  function noteAttempt(path: string, stamp: FileStamp): void {
    try {
      rows.addAttempt(path, stamp, world.run);
      noted.add(path);
    } catch {
      // A full disk: the file is read all the same.
    }
  }

  function forgetAttempt(path: string): void {
    if (!noted.delete(path)) return;
    try {
      rows.clearAttempts(path);
    } catch {
      // It then counts as one attempt of several.
    }
  }

  return {
    read,
    giveUp,
    forgetAttempts(): void {
      for (const path of [...noted]) forgetAttempt(path);
    },
  };
}
