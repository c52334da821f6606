/** The calls of the index worker: opens indexes on first use, and sets damaged ones aside. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { openOwnFolders } from '../../adapters/own-folders.ts';
import type { FromWorker, ToWorker } from '../../adapters/processes/worker-protocol.ts';
import type {
  FileAtWork,
  IndexContract,
  IndexMethod,
  IndexRequest,
  IndexSettings,
  IndexSource,
  IndexWorkerConfig,
} from '../../adapters/vectors/protocol.ts';
import { createLexicalEmbedder } from '../../core/indexing/lexical-embedder.ts';
import type { Http } from '../../core/ports/network.ts';
import type { Timer } from '../../core/ports/time.ts';
import { type CallContext, createRpcServer, type Handlers } from '../rpc.ts';
import { replaceDamaged } from './database.ts';
import type { DocumentTexts } from './document-texts.ts';
import { estimateFolder } from './estimate.ts';
import { hasCode, toCodedError } from './failures.ts';
import type { Reader } from './reader.ts';
import { databaseFileOf, type OpenIndex, openSourceIndex } from './source-index.ts';
import type { FileTurn } from './source-reader.ts';
import { copyFileOf } from './vector-copy.ts';

export interface IndexServerWorld {
  send(message: FromWorker<IndexContract>): void;
  now(): number;
  /** For durations, milliseconds. */
  monotonic(): number;
  timer(ms: number, fn: () => void): Timer;
  /** Lets waiting tasks run, including messages. */
  pause(): Promise<void>;
  reader: Reader;
  documents: DocumentTexts;
  /** For Qdrant. */
  http: Http;
  /** Identifies this run of the worker. */
  run: string;
  attemptAfterMs: number;
}

interface IndexCall {
  id: number;
  source: IndexSource | null;
  index: () => OpenIndex;
  settings: IndexSettings;
  signal: AbortSignal;
  onSeen: (seen: number) => void;
  onMoved: (moved: number, all: number) => void;
  turn: FileTurn;
}

type IndexHandlers = {
  [M in IndexMethod]: (
    call: IndexCall,
    params: IndexContract['calls'][M]['params']['params'],
  ) => IndexContract['calls'][M]['result'] | Promise<IndexContract['calls'][M]['result']>;
};

export interface IndexServer {
  receive(message: ToWorker<IndexContract>): void;
  /**
   * Aborts what runs and closes every database before it returns; resolves when nothing is running any more, which may
   * be never. `inOrder`: no file is to blame.
   */
  stop(options: { inOrder: boolean }): Promise<void>;
}

export function createIndexServer(world: IndexServerWorld): IndexServer {
  const open = new Map<string, OpenIndex>();
  const idle = new Map<string, Timer>();
  const embed = createLexicalEmbedder();
  let config: IndexWorkerConfig | null = null;

  function configured(): IndexWorkerConfig {
    if (config === null) throw new PilotlightError('INTERNAL', { message: 'The worker is not configured.' });
    return config;
  }

  function noticeDamage(sourceId: string, keptAs: string): void {
    world.send({ kind: 'event', event: { sourceId, code: 'INDEX_CORRUPT', keptAs } });
  }

  function noticeGaps(sourceId: string): void {
    world.send({ kind: 'event', event: { sourceId, code: 'INDEX_INCOMPLETE', keptAs: null } });
  }

  function indexOf(source: IndexSource | null, settings: IndexSettings): OpenIndex {
    if (source === null) throw new PilotlightError('BAD_REQUEST');
    const present = open.get(source.id);
    if (present !== undefined) {
      if (present.source.path === source.path) {
        present.source.embedderId = source.embedderId;
        present.use(settings);
        return present;
      }
      forget(source.id);
    }
    const { folder, maxIndexBytes, maxMatrixBytes, ownFolders, openFolders } = configured();
    const onDamaged = () => noticeGaps(source.id);
    const made = openSourceIndex(
      { ...world, folder, maxIndexBytes, maxMatrixBytes, ownFolders, openFolders, onDamaged },
      { ...source },
      settings,
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

  /** Damage found during use: the file is set aside, and the next call starts with an empty index. */
  function setAside(damaged: OpenIndex): void {
    const { id } = damaged.source;
    // Another call may have found the damage first: the index that is open now is intact.
    if (open.get(id) !== damaged) return;
    try {
      forget(id);
    } catch {
      // A damaged database may fail to close; its file is moved anyway.
    }
    noticeDamage(id, replaceDamaged(databaseFileOf(configured().folder, id)));
  }

  /** If it cannot be moved, the next call finds the damage again; this one already has its answer. */
  function tryToSetAside(damaged: OpenIndex): void {
    try {
      setAside(damaged);
    } catch {}
  }

  /** Aborts the other calls on a source and waits until they have released it. */
  function stopOthers(sourceId: string, except: number): Promise<void> {
    return rpc.abortCalls(({ id, params }) => id !== except && params.source?.id === sourceId);
  }

  /** The limit covers the vectors of all indexes: those least recently searched are freed first. */
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

  /** Deletes its vectors in Qdrant. An index that cannot be opened is deleted all the same. */
  async function forgetRemote(sourceId: string, settings: IndexSettings): Promise<void> {
    try {
      if (!existsSync(databaseFileOf(configured().folder, sourceId))) return;
      const index = open.get(sourceId) ?? indexOf({ id: sourceId, path: '', embedderId: '' }, settings);
      await index.forgetRemote();
    } catch {}
  }

  const handlers: IndexHandlers = {
    meta: ({ index }) => index().meta(),
    scan: ({ index, settings, signal, onSeen }, options) => index().scan(options, settings, signal, onSeen),
    async estimate({ settings, signal }, { path, ignoreFiles, patterns }) {
      const { maxFileBytes, chunkTokens } = settings;
      return estimateFolder({
        ...{ root: path, ignoreFiles, patterns, maxFileBytes, chunkTokens, signal },
        own: await openOwnFolders(configured().ownFolders),
        monotonic: world.monotonic,
      });
    },
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
    async moveVectors({ index, signal, onMoved }, { to }) {
      await index().moveVectors(to, signal, onMoved);
      return null;
    },
    finishRun({ index }) {
      index().finishRun();
      return null;
    },
    document: ({ index, settings, signal }, passage) => index().document(passage, settings, signal),
    reset({ index }, { embedder }) {
      index().reset(embedder);
      return null;
    },
    async close({ id, source }) {
      if (source === null) return null;
      await stopOthers(source.id, id);
      forget(source.id);
      return null;
    },
    async remove({ id, settings }, { sourceId }) {
      const file = databaseFileOf(configured().folder, sourceId);
      await stopOthers(sourceId, id);
      await forgetRemote(sourceId, settings);
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

  async function handle(
    method: IndexMethod,
    { source, settings, params }: IndexRequest,
    { id, signal, report }: CallContext<IndexContract>,
  ): Promise<unknown> {
    let used: OpenIndex | null = null;
    const call: IndexCall = {
      id,
      source,
      index() {
        used = indexOf(source, settings);
        return used;
      },
      settings,
      signal,
      onSeen: (seen) => report({ kind: 'seen', seen }),
      onMoved: (moved, all) => report({ kind: 'moved', moved, all }),
      turn: { signal, onFile: (file) => report({ kind: 'file', file: plain(file) }) },
    };
    try {
      const handler = handlers[method] as (call: IndexCall, params: unknown) => unknown;
      return await handler(call, params);
    } catch (error) {
      const isDamaged = !signal.aborted && hasCode(toCodedError(error), 'INDEX_CORRUPT');
      if (used !== null && isDamaged) tryToSetAside(used);
      throw error;
    }
  }

  const rpc = createRpcServer<IndexContract>({
    send: world.send,
    configure(given) {
      config = given;
    },
    handlers: Object.fromEntries(
      Object.keys(handlers).map((method) => [
        method,
        (request: IndexRequest, context: CallContext<IndexContract>) =>
          handle(method as IndexMethod, request, context),
      ]),
    ) as Handlers<IndexContract>,
    toCodedError,
  });

  return {
    receive: rpc.receive,
    stop({ inOrder }) {
      if (inOrder) for (const index of open.values()) index.forgetAttempts();
      void rpc.abortCalls(() => true);
      for (const sourceId of [...open.keys()]) forget(sourceId);
      world.documents.stop();
      return world.reader.stop();
    },
  };
}

/** Only the fields of the message: a file that was read has many more. */
function plain(file: FileAtWork | null): FileAtWork | null {
  if (file === null || file.stamp === null) return file;
  const { size, modifiedMs, changedMs } = file.stamp;
  return { path: file.path, stamp: { size, modifiedMs, changedMs } };
}

/** With its companions and copies set aside, because they contain texts of a folder that is no longer a source. */
function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  rmSync(copyFileOf(file), { force: true });
  let names: string[] = [];
  try {
    names = readdirSync(dirname(file));
  } catch {
    // No folder, nothing set aside.
  }
  for (const name of names) {
    if (name.startsWith(`${basename(file)}.corrupt-`))
      rmSync(join(dirname(file), name), { recursive: true, force: true });
  }
}
