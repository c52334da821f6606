/**
 * The text of PDF, Office and EPUB files, taken out in a process of its own with the limits of a task: what a hostile
 * document does to its reader costs that document, and not the index or the run. The process is started for the first
 * document and ends when none has come for a while.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { FilePlace } from '../../../shared/models/places.ts';
import { filePlaces } from '../../core/indexing/places.ts';
import type { Timer } from '../../core/ports/time.ts';
import { noMeans } from '../tasks/means.ts';
import type { HandlerPool } from '../tasks/processes/pool.ts';
import type { HandlerResult } from '../tasks/processes/protocol.ts';
import type { FileStamp } from './file-rows.ts';
import { stampOf } from './read-file.ts';

export interface DocumentText {
  /** Markdown, in UTF-8. */
  bytes: Uint8Array;
  /** `pdf`, `docx`, `xlsx`, `pptx`, `epub`; or the kind of a text that only has such a name. */
  format: string;
  places: FilePlace[];
}

export interface DocumentTexts {
  /**
   * One after the other. Rejects with FILE_EMPTY, FILE_BINARY, FILE_ENCODING, FILE_TOO_LARGE, FILE_TOO_COSTLY,
   * FILE_CHANGED (since `stamp`), DOCUMENT_BROKEN, DOCUMENT_ENCRYPTED, DOCUMENT_UNPACKS_TOO_LARGE, or the signal's reason.
   */
  read(
    file: { path: string; absolute: string; stamp: FileStamp },
    options: { signal: AbortSignal /** It is being worked on. */; beat(): void },
  ): Promise<DocumentText>;
  /** Ends the process at once. */
  stop(): void;
}

export interface DocumentTextsOptions {
  startPool(): HandlerPool;
  timer(ms: number, fn: () => void): Timer;
  /** How long one document may take, milliseconds. */
  timeMs: number;
}

const BEAT_MS = 5000;
/** The process takes about 100 MB. */
const IDLE_MS = 30_000;

const ofDocument: ReadonlySet<string> = new Set([
  ...['FILE_EMPTY', 'FILE_BINARY', 'FILE_ENCODING', 'FILE_TOO_LARGE'],
  ...['DOCUMENT_BROKEN', 'DOCUMENT_ENCRYPTED', 'DOCUMENT_UNPACKS_TOO_LARGE'],
]);
/** What stays wrong with a document until it changes. */
export const isOfDocument = (code: string): boolean => ofDocument.has(code);

export function createDocumentTexts({ startPool, timer, timeMs }: DocumentTextsOptions): DocumentTexts {
  let pool: HandlerPool | null = null;
  let idle: Timer | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  function end(): void {
    pool?.stop();
    pool = null;
  }

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  }

  async function handle(
    { path, absolute }: { path: string; absolute: string },
    folder: string,
    signal: AbortSignal,
  ): Promise<HandlerResult> {
    for (let attempt = 1; ; attempt += 1) {
      pool ??= startPool();
      try {
        return await pool.run(
          {
            ...{ contentType: 'document', options: {}, folder, allowedHosts: [], means: noMeans },
            input: { kind: 'file', path: absolute, name: basename(path) },
          },
          { signal, patienceMs: () => 0, timeMs, onProgress() {} },
        );
      } catch (error) {
        signal.throwIfAborted();
        // Something else may have ended it once.
        if (isPilotlightError(error) && error.code === 'HANDLER_DIED' && attempt === 1) continue;
        throw asOfFile(error, path);
      }
    }
  }

  return {
    read: (file, { signal, beat }) =>
      inTurn(async () => {
        signal.throwIfAborted();
        if (isStopped) throw new PilotlightError('STOPPING');
        idle?.cancel();
        let beats = timer(BEAT_MS, again);
        function again(): void {
          beat();
          beats = timer(BEAT_MS, again);
        }
        beat();
        const folder = await mkdtemp(join(tmpdir(), 'pilotlight-document-'));
        try {
          const { content, contentPath, metadata } = await handle(file, folder, signal);
          const text = contentPath === null ? content : await readFile(contentPath, 'utf8');
          const { size, modifiedMs, changedMs } = await stampOf(file.absolute, file.path);
          const { stamp } = file;
          if (size !== stamp.size || modifiedMs !== stamp.modifiedMs || changedMs !== stamp.changedMs)
            throw new PilotlightError('FILE_CHANGED', { details: { path: file.path } });
          return {
            bytes: new TextEncoder().encode(text),
            format: typeof metadata.format === 'string' ? metadata.format : 'text',
            places: filePlaces(metadata, text, 0),
          };
        } finally {
          beats.cancel();
          idle = timer(IDLE_MS, end);
          await rm(folder, { recursive: true, force: true }).catch(() => {});
        }
      }),
    stop() {
      isStopped = true;
      idle?.cancel();
      end();
    },
  };
}

function asOfFile(error: unknown, path: string): unknown {
  if (!isPilotlightError(error)) return error;
  switch (error.code) {
    case 'TASK_MEMORY_LIMIT':
      return new PilotlightError('FILE_TOO_COSTLY', {
        ...{ message: fact('FILE_NEEDS_TOO_MUCH_MEMORY'), details: { path } },
      });
    case 'TASK_TIME_LIMIT':
    case 'HANDLER_DIED':
      return new PilotlightError('FILE_TOO_COSTLY', { details: { path, cause: error.code } });
    default:
      return isOfDocument(error.code)
        ? error
        : new PilotlightError('FILE_UNREADABLE', {
            ...{ message: fact('FILE_BREAKS_READER', { error: error.message }), details: { path } },
            next: fact('REPORT_THIS_FILE'),
          });
  }
}
