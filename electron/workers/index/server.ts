/** Answers the calls of one client: opens indexes when they are first named, and keeps damaged ones aside. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isPilotlightError, PilotlightError, toWireError } from '../../../shared/contract/errors.ts';
import type {
  FileAtWork,
  FromIndexWorker,
  IndexCalls,
  IndexMethod,
  IndexSettings,
  IndexSource,
  IndexWorkerConfig,
  ToIndexWorker,
} from '../../adapters/vectors/protocol.ts';
import { createLexicalEmbedder } from '../../core/indexing/lexical-embedder.ts';
import type { Timer } from '../../core/ports/time.ts';
import { replaceDamaged } from './database.ts';
import { hasCode, toCodedError } from './failures.ts';
import type { Reader } from './reader.ts';
import { databaseFileOf, type OpenIndex, openSourceIndex } from './source-index.ts';
import type { FileTurn } from './source-reader.ts';

export interface IndexServerWorld {
  send(message: FromIndexWorker): void;
  now(): number;
  timer(ms: number, fn: () => void): Timer;
  /** Lets what waits run, messages included. */
  pause(): Promise<void>;
  reader: Reader;
  /** Names this run of the worker. */
  run: string;
  attemptAfterMs: number;
}

type CallMessage = Extract<ToIndexWorker, { kind: 'call' }>;

interface Running {
  controller: AbortController;
  sourceId: string | null;
  /** Never rejects. */
  done: Promise<void>;
}

interface CallContext {
  id: number;
  source: IndexSource | null;
  index: () => OpenIndex;
  settings: IndexSettings;
  signal: AbortSignal;
  onSeen: (seen: number) => void;
  turn: FileTurn;
}

type Handlers = {
  [M in IndexMethod]: (
    context: CallContext,
    params: IndexCalls[M]['params'],
  ) => IndexCalls[M]['result'] | Promise<IndexCalls[M]['result']>;
};

export interface IndexServer {
  receive(message: ToIndexWorker): void;
  /**
   * Aborts what runs and closes every database, before it returns; resolves when nothing of it runs any more, which
   * may be never. The end is clean: no file is to blame for it.
   */
  stop(options: { inOrder: boolean }): Promise<void>;
}

export function createIndexServer(world: IndexServerWorld): IndexServer {
  const open = new Map<string, OpenIndex>();
  const idle = new Map<string, Timer>();
  const running = new Map<number, Running>();
  const embed = createLexicalEmbedder();
  let config: IndexWorkerConfig | null = null;

  function configured(): IndexWorkerConfig {
    if (config === null) throw new PilotlightError('INTERNAL', { message: 'The worker is not configured.' });
    return config;
  }

  function noticeDamage(sourceId: string, keptAs: string): void {
    world.send({ kind: 'notice', notice: { sourceId, code: 'INDEX_CORRUPT', keptAs } });
  }

  function noticeGaps(sourceId: string): void {
    world.send({ kind: 'notice', notice: { sourceId, code: 'INDEX_INCOMPLETE', keptAs: null } });
  }

  function indexOf(source: IndexSource | null): OpenIndex {
    if (source === null) throw new PilotlightError('BAD_REQUEST');
    const present = open.get(source.id);
    if (present !== undefined) {
      if (present.source.path === source.path) {
        present.source.embedderId = source.embedderId;
        return present;
      }
      forget(source.id);
    }
    const { folder, maxIndexBytes, maxMatrixBytes } = configured();
    const onDamaged = () => noticeGaps(source.id);
    const made = openSourceIndex(
      { ...world, folder, maxIndexBytes, maxMatrixBytes, onDamaged },
      { ...source },
    );
    open.set(source.id, made);
    if (made.keptAs !== null) noticeDamage(source.id, made.keptAs);
    return made;
  }

  function forget(sourceId: string): void {
    idle.get(sourceId)?.cancel();
    idle.delete(sourceId);
    const index = open.get(sourceId);
    open.delete(sourceId);
    index?.close();
  }

  /** Damage that shows while it is used: the file goes aside, the next call starts afresh. */
  function setAside(damaged: OpenIndex): void {
    const { id } = damaged.source;
    // Another call may have found the damage first: what is open now is sound.
    if (open.get(id) !== damaged) return;
    try {
      forget(id);
    } catch {
      // A damaged database may fail to close; its file is moved all the same.
    }
    noticeDamage(id, replaceDamaged(databaseFileOf(configured().folder, id)));
  }

  /** Where it cannot be moved, it is found damaged by the next call as well; this one has its answer. */
  function tryToSetAside(damaged: OpenIndex): void {
    try {
      setAside(damaged);
    } catch {}
  }

  /** Aborts the other calls on a source and waits until they have let go of it. */
  async function quiet(sourceId: string, except: number): Promise<void> {
    const others = [...running].filter(([id, call]) => id !== except && call.sourceId === sourceId);
    for (const [, call] of others) call.controller.abort();
    await Promise.all(others.map(([, call]) => call.done));
  }

  /** The vectors of all indexes together keep the limit, too: those searched longest ago leave first. */
  function releaseLater(sourceId: string): void {
    idle.get(sourceId)?.cancel();
    idle.delete(sourceId);
    let total = open.get(sourceId)?.memoryBytes() ?? 0;
    for (const other of [...idle.keys()].reverse()) {
      total += open.get(other)?.memoryBytes() ?? 0;
      if (total > configured().maxMatrixBytes) open.get(other)?.releaseMemory();
    }
    idle.set(
      sourceId,
      world.timer(configured().matrixIdleMs, () => open.get(sourceId)?.releaseMemory()),
    );
  }

  const handlers: Handlers = {
    meta: ({ index }) => index().meta(),
    scan: ({ index, settings, signal, onSeen }, { full }) => index().scan(full, settings, signal, onSeen),
    prepare: ({ index, settings, turn }, { path }) => index().prepare(path, settings, turn),
    commit: ({ index, turn }, { token, vectors }) => index().commit(token, vectors, turn.onFile),
    discard({ index }, { token }) {
      index().discard(token);
      return null;
    },
    indexBuiltin: ({ index, settings, turn }, { paths }) => index().indexBuiltin(paths, settings, turn),
    async search({ index, signal }, query) {
      const opened = index();
      const hits = await opened.search(query, signal);
      if (query.vector !== null) releaseLater(opened.source.id);
      return hits;
    },
    reset({ index }, { embedder }) {
      index().reset(embedder);
      return null;
    },
    async close({ id, source }) {
      if (source === null) return null;
      await quiet(source.id, id);
      forget(source.id);
      return null;
    },
    async remove({ id }, { sourceId }) {
      const file = databaseFileOf(configured().folder, sourceId);
      await quiet(sourceId, id);
      forget(sourceId);
      removeDatabase(file);
      return null;
    },
    embed: (_context, { texts }) => texts.map(embed),
    giveUp({ index, settings }, { path, stamp }) {
      index().giveUp(path, stamp, settings);
      return null;
    },
    suspect({ index }, { path, stamp, run }) {
      index().suspect(path, stamp, run);
      return null;
    },
  };

  async function answer(message: CallMessage, controller: AbortController): Promise<void> {
    const { id, method, source, settings } = message;
    let used: OpenIndex | null = null;
    const context: CallContext = {
      id,
      source,
      index() {
        used = indexOf(source);
        return used;
      },
      settings,
      signal: controller.signal,
      onSeen: (seen) => world.send({ kind: 'progress', id, seen }),
      turn: {
        signal: controller.signal,
        onFile: (file) => world.send({ kind: 'file', id, file: plain(file) }),
      },
    };
    try {
      const handler = handlers[method] as (context: CallContext, params: unknown) => unknown;
      const value = await handler(context, message.params);
      world.send({ kind: 'result', id, value });
    } catch (error) {
      const coded = controller.signal.aborted ? new PilotlightError('CANCELLED') : toCodedError(error);
      if (used !== null && hasCode(coded, 'INDEX_CORRUPT')) tryToSetAside(used);
      const cause = isPilotlightError(coded) ? null : coded instanceof Error ? coded.stack : String(coded);
      world.send({ kind: 'error', id, error: toWireError(coded), cause: cause ?? null });
    }
  }

  function begin(message: CallMessage): void {
    const controller = new AbortController();
    const done = answer(message, controller).finally(() => running.delete(message.id));
    running.set(message.id, { controller, sourceId: message.source?.id ?? null, done });
  }

  return {
    receive(message) {
      if (message.kind === 'configure') config = message.config;
      else if (message.kind === 'cancel') running.get(message.id)?.controller.abort();
      else if (message.kind === 'call') begin(message);
    },
    stop({ inOrder }) {
      if (inOrder) for (const index of open.values()) index.forgetAttempts();
      for (const call of running.values()) call.controller.abort();
      for (const sourceId of [...open.keys()]) forget(sourceId);
      return world.reader.stop();
    },
  };
}

/** Only the fields that the message carries: a file that was read has many more. */
function plain(file: FileAtWork | null): FileAtWork | null {
  if (file === null || file.stamp === null) return file;
  const { size, modifiedMs, changedMs } = file.stamp;
  return { path: file.path, stamp: { size, modifiedMs, changedMs } };
}

/** With its companions, and what was kept aside of it: it holds the texts of a folder that is no source now. */
function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  let names: string[] = [];
  try {
    names = readdirSync(dirname(file));
  } catch {
    // No folder, nothing kept.
  }
  for (const name of names) {
    if (name.startsWith(`${basename(file)}.corrupt-`))
      rmSync(join(dirname(file), name), { recursive: true, force: true });
  }
}
