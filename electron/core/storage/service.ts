/** What takes space in the data folder, and how to make some. */
import type { Settings } from '../../../shared/models/settings.ts';
import type { StorageUse } from '../../../shared/models/tasks.ts';
import type { Store } from '../ports/state.ts';
import type { HistoryPart, StorageMeter } from '../ports/storage.ts';
import type { TaskFiles } from '../ports/task-files.ts';
import type { Clock } from '../ports/time.ts';
import type { TasksService } from '../tasks/model.ts';
import { storageReport } from './storage-report.ts';

export type ClearableKind = 'uploads' | 'results' | 'tasks' | HistoryPart;

export interface StorageService {
  usage(): Promise<{ folder: string; freeBytes: number | null; parts: StorageUse[] }>;
  /** Resolves with the bytes that are free for other data now. */
  clear(kind: ClearableKind): Promise<number>;
}

export interface StorageDependencies {
  clock: Pick<Clock, 'now'>;
  meter: StorageMeter;
  store: Pick<Store, 'histories' | 'tasks'>;
  settings: { current(): Settings };
  taskFiles: Pick<TaskFiles, 'list'>;
  tasks: Pick<TasksService, 'list' | 'clearFiles' | 'removeEnded'>;
  activity: { clear(): void };
}

export function createStorageService(dependencies: StorageDependencies): StorageService {
  const { clock, meter, store, settings, taskFiles, tasks, activity } = dependencies;

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
