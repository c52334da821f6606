/**
 * Stores the texts of completed tasks: first each is a file, named by its task; then the folder of these files is indexed.
 * The files are the truth: what is missing in the state is found in the folder at the next start.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { IndexJob, SourceRecord } from '../../../shared/models/indexing.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import type { FilePlace } from '../../../shared/models/places.ts';
import type { TaskRecord, TaskResult, TaskView } from '../../../shared/models/tasks.ts';
import { utf8Length } from '../indexing/encoding.ts';
import { filePlaces, type StoredText } from '../indexing/places.ts';
import type { Log } from '../ports/log.ts';
import type { IngestedFiles, TaskFiles } from '../ports/task-files.ts';
import type { IngestedRecord, IngestState, TaskStore } from '../ports/task-state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { originOf } from './new-task.ts';
import type { TaskEngine } from './task-engine.ts';

/** What was written of a text. */
export interface KeptText {
  sizeBytes: number;
  places: readonly FilePlace[];
}

export interface Ingest {
  /** Writes the text of a result; durable when it resolves. Rejects with DISK_FULL. */
  keep(task: TaskRecord, result: TaskResult): Promise<KeptText>;
  /** The result was dropped: its text goes, unless another worker has completed the task. */
  discard(taskId: string): Promise<void>;
  /** The task whose text was kept has completed. Never throws. */
  completed(task: TaskRecord, kept: KeptText): void;
  /** A task that a worker completed without this core: its text is stored, unless it is already. */
  adopt(task: TaskRecord): Promise<void>;
  /** The task was deleted; its text stays. */
  taskRemoved(taskId: string): void;
  storing(task: Pick<TaskRecord, 'id' | 'state' | 'spec'>): TaskView['storing'];
  /** What is known of the text in a file; null if it is deleted, or not (yet) the text of a completed task. */
  text(name: string): StoredText | null;
  /**
   * Deletes texts: they are not found any more. They leave the index with the next job, which begins soon. Resolves
   * with how many there were.
   */
  remove(taskIds: readonly string[]): Promise<number>;
  /** How many were stored since the core was created. */
  stored(): number;
  /** Continues what was pending when the last core ended. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface IngestIndexing {
  /** The source of the ingested texts, which is added when it is first needed. */
  ensureIngested(path: string): SourceRecord;
  ingestedSource(): SourceRecord | null;
  startJob(job: {
    sourceIds: string[];
    full: boolean;
    rebuild: boolean;
    useGpu: boolean;
    callbackUrl: null;
    beside: true;
  }): IndexJob;
  /** Whether a job of this source may start beside one of other folders. */
  hasRoom(sourceId: string): boolean;
  waitForRoom(sourceId: string, signal: AbortSignal): Promise<void>;
  waitForJob(jobId: string, signal: AbortSignal): Promise<IndexJob>;
}

export interface IngestDependencies {
  clock: Pick<Clock, 'now' | 'timer' | 'sleep'>;
  log: Log;
  store: TaskStore['ingested'];
  files: Pick<TaskFiles, 'text'>;
  texts: IngestedFiles;
  engine: Pick<TaskEngine, 'queue'>;
  indexing: IngestIndexing;
  /** The storing of these tasks has changed. */
  onChange(taskIds: readonly string[]): void;
}

/** Texts that end soon after one another share an index job. */
const GATHER_MS = 500;
/** After a job that failed, milliseconds. */
const RETRY_MS = 30_000;
/** Of one text; what is longer is cut there, and an index refuses it anyway. */
const MOST_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 5000;

export function createIngest(dependencies: IngestDependencies): Ingest {
  const { clock, log, store, files, texts, engine, indexing, onChange } = dependencies;
  const stopping = new AbortController();
  let timer: Timer | null = null;
  let running: Promise<void> | null = null;
  /** Texts were deleted since the last job began. */
  let removed = false;
  let storedCount = 0;

  function save(records: readonly IngestedRecord[]): boolean {
    try {
      store.put(records);
      return true;
    } catch (error) {
      // The file is there: the next start finds it again.
      log.error('Stored texts could not be saved.', { count: records.length, error: String(error) });
      return false;
    }
  }

  function recordOf(task: TaskRecord, { sizeBytes, places }: KeptText): IngestedRecord {
    const { spec } = task;
    return {
      taskId: task.id,
      title: spec.title,
      contentType: spec.contentType,
      origin: originOf(spec.input),
      input: spec.input.kind,
      addedAt: clock.now(),
      sizeBytes,
      state: 'pending',
      ...(places.length > 0 ? { places } : {}),
    };
  }

  async function keep(task: TaskRecord, result: TaskResult): Promise<KeptText> {
    const text = await textOf(result);
    const { sizeBytes } = await texts.write(task.id, task.spec.title, text);
    return { sizeBytes, places: placesIn(result, text, sizeBytes) };
  }

  const textOf = async ({ content, contentFileId }: TaskResult): Promise<string> =>
    contentFileId === null ? content : files.text(contentFileId, MOST_BYTES);

  /** The file has its title before the text. */
  const placesIn = ({ metadata }: TaskResult, text: string, sizeBytes: number): FilePlace[] =>
    filePlaces(metadata, text, Math.max(0, sizeBytes - utf8Length(text)));

  /** The same for a file that was written before. Its text may have been deleted since: then it has no places. */
  async function placesOf({ result }: TaskRecord, sizeBytes: number): Promise<FilePlace[]> {
    if (result === null) return [];
    return textOf(result).then(
      (text) => placesIn(result, text, sizeBytes),
      () => [],
    );
  }

  function completed(task: TaskRecord, kept: KeptText): void {
    save([recordOf(task, kept)]);
    onChange([task.id]);
    schedule(GATHER_MS);
  }

  function schedule(ms: number): void {
    if (stopping.signal.aborted || running !== null) return;
    timer ??= clock.timer(ms, () => {
      timer = null;
      run();
    });
  }

  function run(): void {
    running ??= indexAll()
      .catch((error: unknown) => {
        if (stopping.signal.aborted) return;
        log.warn('The ingested texts could not be indexed.', { error: String(error) });
        return RETRY_MS;
      })
      .then((againMs) => {
        running = null;
        // Texts may have come while the last job ended.
        if (againMs !== undefined) schedule(againMs);
        else if (!stopping.signal.aborted && hasWork()) schedule(GATHER_MS);
      });
  }

  const hasWork = () => removed || store.inState('pending', 1).length > 0;

  /** Resolves with when to try again; undefined if all is indexed. */
  async function indexAll(): Promise<number | undefined> {
    const { signal } = stopping;
    while (hasWork()) {
      const source = indexing.ensureIngested(texts.folder);
      if (!indexing.hasRoom(source.id)) {
        await indexing.waitForRoom(source.id, signal);
        continue;
      }
      // What is written after this may be missed by the scan: it waits for the next job.
      const batch = store.inState('pending', AT_ONCE);
      removed = false;
      const started = indexing.startJob({
        ...{ sourceIds: [source.id], full: false, rebuild: false, useGpu: true, callbackUrl: null },
        beside: true,
      });
      const job = await indexing.waitForJob(started.id, signal);
      if (job.status !== 'completed') {
        removed = true;
        return RETRY_MS;
      }
      await settle(batch, job);
    }
    return undefined;
  }

  async function settle(batch: readonly IngestedRecord[], job: IndexJob): Promise<void> {
    const reasons = new Map(
      [...job.failures, ...job.leftOut].map(({ path, reason }): [string, Message] => [path, reason]),
    );
    const settled = batch.flatMap((record): IngestedRecord[] => {
      // It may have been deleted or replaced while the job ran.
      if (store.get(record.taskId)?.state !== 'pending') return [];
      if (store.get(record.taskId)?.addedAt !== record.addedAt) return [];
      return [{ ...record, state: reasons.has(texts.nameOf(record.taskId)) ? 'failed' : 'indexed' }];
    });
    if (!save(settled)) throw new PilotlightError('DISK_FULL');
    storedCount += settled.filter(({ state }) => state === 'indexed').length;
    onChange(settled.map(({ taskId }) => taskId));
    const queue = await engine.queue();
    for (const { taskId, state } of settled) {
      const reason = reasons.get(texts.nameOf(taskId)) ?? null;
      const message = state === 'indexed' ? fact('TASK_STORED') : fact('TASK_NOT_STORED', { reason });
      await queue.note(taskId, { at: clock.now(), kind: 'stored', workerId: null, message }).catch(() => {
        // A note that is missing changes nothing.
      });
    }
  }

  async function adopt(task: TaskRecord): Promise<void> {
    if (task.state !== 'completed' || !task.spec.store) return;
    const known = store.get(task.id);
    if (known !== null && known.state !== 'deleted') return;
    if (known?.state === 'deleted' && known.addedAt >= (task.endedAt ?? 0)) return;
    // A list of tasks has no results.
    const result = task.result ?? (await (await engine.queue()).get(task.id))?.task.result ?? null;
    if (result !== null) completed(task, await keep(task, result));
  }

  /** A core that was killed may have written files without having saved what they are. */
  async function findUnsaved(): Promise<void> {
    for (const { taskId, sizeBytes } of await texts.list()) {
      stopping.signal.throwIfAborted();
      if (store.get(taskId) !== null) continue;
      const found = await (await engine.queue()).get(taskId);
      // One that is not completed writes it again, or has been cancelled.
      if (found?.task.state === 'completed') {
        const places = await placesOf(found.task, sizeBytes);
        save([recordOf(found.task, { sizeBytes, places })]);
      } else if (found === null || found.task.state !== 'active') await texts.remove([taskId]);
    }
  }

  return {
    keep,
    completed,
    adopt,
    async discard(taskId) {
      if (store.get(taskId) !== null) return;
      const found = await (await engine.queue()).get(taskId);
      if (found?.task.state !== 'completed') await texts.remove([taskId]);
    },
    taskRemoved(taskId) {
      try {
        if (store.get(taskId)?.state === 'deleted') store.remove([taskId]);
      } catch (error) {
        log.warn('A stored text could not be forgotten.', { task: taskId, error: String(error) });
      }
    },
    storing({ id, state, spec }) {
      if (!spec.store) return null;
      const known = store.get(id)?.state ?? null;
      if (known !== null) return views[known];
      return state === 'failed' || state === 'cancelled' ? null : 'pending';
    },
    text(name) {
      const taskId = texts.taskOf(name);
      const known = taskId === null ? null : store.get(taskId);
      if (known === null || known.state === 'deleted') return null;
      const { title, origin, places = [] } = known;
      return { taskId: known.taskId, title, origin, places };
    },
    async remove(taskIds) {
      const known = [...new Set(taskIds)].flatMap((id) => store.get(id) ?? []);
      const present = known.filter(({ state }) => state !== 'deleted');
      if (present.length === 0) return 0;
      const now = clock.now();
      store.put(present.map((record) => ({ ...record, state: 'deleted', addedAt: now })));
      await texts.remove(present.map(({ taskId }) => taskId));
      removed = true;
      onChange(present.map(({ taskId }) => taskId));
      schedule(0);
      return present.length;
    },
    stored: () => storedCount,
    async start() {
      // The data folder may have been moved.
      if (indexing.ingestedSource() !== null) indexing.ensureIngested(texts.folder);
      try {
        await findUnsaved();
      } catch (error) {
        if (!stopping.signal.aborted) {
          const reason = isPilotlightError(error) ? errorMessage(error) : String(error);
          log.warn('Stored texts of the last run could not be found.', { reason });
        }
      }
      if (hasWork()) schedule(GATHER_MS);
    },
    async stop() {
      stopping.abort(new PilotlightError('STOPPING'));
      timer?.cancel();
      await running;
    },
  };
}

const views: Readonly<Record<IngestState, TaskView['storing']>> = {
  pending: 'pending',
  indexed: 'stored',
  failed: 'failed',
  deleted: null,
};
