/** Prepares files of one source for storage: reads, recognises and cuts them, each step with its limits. */
import { abortable } from '../../../shared/abortable.ts';
import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, type Message } from '../../../shared/models/message.ts';
import type { OwnFolders } from '../../adapters/own-folders.ts';
import type { FileAtWork, FileStamp, IndexSettings } from '../../adapters/vectors/protocol.ts';
import { CUT_VERSION } from '../../core/indexing/cut.ts';
import { isDocumentPath, recipeFor, textPathOf } from '../../core/indexing/document-file.ts';
import type { Timer } from '../../core/ports/time.ts';
import { type DocumentText, type DocumentTexts, isOfDocument } from './document-texts.ts';
import { hasCode } from './failures.ts';
import type { FileRows, ReadFile } from './file-rows.ts';
import { readStable, resolveInside, stampOf } from './read-file.ts';
import type { Reader } from './reader.ts';

/** Number of workers that may end in the middle of a file before it is given up. */
const MAX_ATTEMPTS = 3;

export interface ReaderWorld {
  now: () => number;
  /** For durations, milliseconds. */
  monotonic: () => number;
  timer(ms: number, fn: () => void): Timer;
  reader: Pick<Reader, 'read' | 'show'>;
  documents: Pick<DocumentTexts, 'read'>;
  /** Identifies this run of the worker. */
  run: string;
  /** A file that takes longer is recorded as being read, milliseconds. */
  attemptAfterMs: number;
}

/** Options of one call on files. */
export interface FileTurn {
  signal: AbortSignal;
  /** Reports the file that the call is working on; null while it waits. */
  onFile(file: FileAtWork | null): void;
}

/** A different recipe means that a file is cut differently. */
export const recipeOf = (settings: IndexSettings, path: string) =>
  recipeFor(`${CUT_VERSION}:${settings.chunkTokens}`, path);

export function createSourceReader({
  world,
  root,
  own,
  rows,
  onRemoved,
  onFailed,
}: {
  world: ReaderWorld;
  /** The folder of the source. */
  root: string;
  /** Folders that are never read. */
  own(): Promise<OwnFolders>;
  rows: FileRows;
  /** Chunks of a file that has none left. */
  onRemoved(chunkIds: readonly number[]): void;
  /** The file is done. */
  onFailed(path: string): void;
}) {
  /** Files recorded as being read by this run. */
  const noted = new Set<string>();

  /** A file that cannot be indexed as it is, is stored as such, so that it is not read again. */
  function fail(
    path: string,
    stamp: FileStamp & Pick<ReadFile, 'settled' | 'hash'>,
    recipe: string,
    problem: { code: ErrorCode; reason: Message },
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
    reason = errorMessage(new PilotlightError('FILE_TOO_COSTLY')),
  ): PilotlightError {
    // No hash, so any content counts as new once the file's times have changed.
    const unread = { ...stamp, settled: true, hash: new Uint8Array(0) };
    return fail(path, unread, recipeOf(settings, path), { code: 'FILE_TOO_COSTLY', reason });
  }

  /** Reads, recognises and cuts, and embeds if requested. */
  async function read(
    path: string,
    settings: IndexSettings,
    { signal, onFile }: FileTurn,
    embed: boolean,
  ): Promise<{ file: ReadFile; vectors: Float32Array[]; readMs: number; cutMs: number }> {
    onFile({ path, stamp: null });
    const startedAt = world.monotonic();
    // A disk that does not respond must not delay a cancel.
    const absolute = await abortable(
      own().then((folders) => resolveInside(root, path, folders)),
      signal,
    );
    const now = await abortable(stampOf(absolute, path), signal);
    if (rows.attempts(path, now) >= MAX_ATTEMPTS) throw giveUp(path, now, settings);
    const recipe = recipeOf(settings, path);
    let note = null as Timer | null;

    /** What is in another process cannot harm this one, so this file is not to blame if the worker ends now. */
    async function textOf(
      name: string,
      file: string,
      { stamp: then, ...read }: Parameters<typeof fail>[1] & { stamp: FileStamp },
      how: string,
    ): Promise<DocumentText> {
      const beat = () => onFile({ path: name, stamp: null });
      try {
        return await world.documents.read({ path: name, absolute: file, stamp: then }, { signal, beat });
      } catch (error) {
        signal.throwIfAborted();
        if (!isPilotlightError(error) || !isOfDocument(error.code)) throw error;
        throw fail(name, read, how, { code: error.code, reason: errorMessage(error) });
      }
    }

    try {
      onFile({ path, stamp: now });
      const { bytes, ...stamp } = await abortable(
        readStable({ absolute, path, maxBytes: settings.maxFileBytes, signal, now: world.now }),
        signal,
      );
      const readAt = world.monotonic();
      const text = isDocumentPath(path)
        ? await textOf(path, absolute, { ...stamp, stamp: now }, recipe)
        : null;
      onFile(null);
      // Waiting for the turn does not count.
      let turnAt = readAt;
      const { cut, vectors: made } = await world.reader.read(
        {
          bytes: text?.bytes ?? bytes,
          path: text === null ? path : textPathOf(path),
          ...{ maxTokens: settings.chunkTokens, embed },
        },
        {
          signal,
          onStep(isReading) {
            onFile({ path, stamp: now });
            if (!isReading) turnAt = world.monotonic();
            if (isReading) note ??= world.timer(world.attemptAfterMs, () => noteAttempt(path, now));
          },
        },
      );
      if (!cut.ok) throw fail(path, stamp, recipe, { code: cut.code, reason: cut.reason });
      const { chunks } = cut;
      const language = text?.format ?? cut.language;
      return {
        file: { ...stamp, path, recipe, problem: null, language, places: text?.places ?? [], chunks },
        vectors: made ?? [],
        readMs: readAt - startedAt,
        cutMs: world.monotonic() - turnAt,
      };
    } catch (error) {
      // The thread's verdict applies until the file changes.
      if (!hasCode(error, 'FILE_TOO_COSTLY')) throw error;
      throw giveUp(path, now, settings, errorMessage(error as PilotlightError));
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
      // With a full disk the file is read anyway.
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
