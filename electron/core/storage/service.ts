/** What takes space in the data folder, and how to make some. */
import type { Settings } from '../../../shared/models/settings.ts';
import type { StorageUse } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { HistoryPart, StorageMeter } from '../ports/storage.ts';
import type { TaskFiles } from '../ports/task-files.ts';
import type { Clock, Random } from '../ports/time.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { TasksService } from '../tasks/model.ts';
import { damagedToRemove } from './damaged-files.ts';
import { storageReport } from './storage-report.ts';

export type ClearableKind = 'uploads' | 'results' | 'tasks' | HistoryPart;

/** Between two checks of what was set aside, milliseconds. */
const CHECK_EVERY_MS = 86_400_000;

export interface StorageService {
  start(): void;
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
  usage(): Promise<{ folder: string; freeBytes: number | null; parts: StorageUse[] }>;
  /** Resolves with the bytes that are free for other data now. */
  clear(kind: ClearableKind): Promise<number>;
}

export interface StorageDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  meter: StorageMeter;
  store: Pick<Store, 'histories' | 'tasks'>;
  settings: { current(): Settings };
  taskFiles: Pick<TaskFiles, 'list'>;
  tasks: Pick<TasksService, 'list' | 'clearFiles' | 'removeEnded'>;
  activity: { clear(): void };
}

export function createStorageService(dependencies: StorageDependencies): StorageService {
  const { clock, random, log, meter, store, settings, taskFiles, tasks, activity } = dependencies;
  let loop: Loop | null = null;

  async function removeOldDamage(): Promise<void> {
    const old = damagedToRemove(await meter.damaged(), clock.now());
    if (old.length === 0) return;
    await meter.removeDamaged(old);
    log.info('Damaged files that had been set aside long ago were deleted.', { files: old.length });
  }

  function start(): void {
    loop ??= startLoop({
      ...{ clock, random, intervalMs: () => CHECK_EVERY_MS, firstDelayMs: 60_000, run: removeOldDamage },
      onError: (error) => log.warn('Damaged files could not be checked.', { error: String(error) }),
    });
  }

  async function pause(): Promise<void> {
    const before = loop;
    loop = null;
    await before?.stop();
  }

  /** null if the queue cannot be reached: it is not known then. */
  const countTasks = () =>
    tasks.list({ limit: 1 }).then(
      ({ total }) => total,
      () => null,
    );

  async function freed(sizeOf: () => Promise<number> | number, clear: () => unknown): Promise<number> {
    const before = await sizeOf();
    await clear();
    return Math.max(0, before - (await sizeOf()));
  }

  return {
    start,
    pause,
    resume: start,
    stop: pause,
    async usage() {
      const { modelsFolder } = settings.current().runner;
      const [folders, freeBytes, files, count] = await Promise.all([
        meter.measure(modelsFolder),
        meter.freeBytes(),
        taskFiles.list(),
        countTasks(),
      ]);
      const histories = {
        requests: store.histories.use('requests'),
        history: store.histories.use('history'),
        activity: store.histories.use('activity'),
      };
      const parts = storageReport({
        ...{ folders, histories, files, tasks: count },
        ...{ ingested: store.tasks.ingested.size(), settings: settings.current() },
      });
      return { folder: meter.folder, freeBytes, parts };
    },
    async clear(kind) {
      if (kind === 'uploads') return tasks.clearFiles('upload');
      if (kind === 'results') return tasks.clearFiles('result');
      if (kind === 'activity') return freed(() => store.histories.use(kind).sizeBytes, activity.clear);
      if (kind !== 'tasks') {
        return freed(
          () => store.histories.use(kind).sizeBytes,
          () => store.histories.clear(kind),
        );
      }
      const filesBytes = async () =>
        (await taskFiles.list()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      return freed(filesBytes, () => tasks.removeEnded(clock.now() + 1));
    },
  };
}
