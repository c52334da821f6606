/** What takes space, with its limits and ages. Pure. */
import type { Settings } from '../../../shared/models/settings.ts';
import type { StorageUse } from '../../../shared/models/tasks.ts';
import type { FolderPart, FolderUse, HistoryPart, HistoryUse } from '../ports/storage.ts';
import type { TaskFile } from '../ports/task-files.ts';
import { KEPT_MS, QUARTER } from '../telemetry/rollup.ts';
import { DAMAGED_BYTES, DAMAGED_DAYS } from './damaged-files.ts';

const MIB = 1_048_576;
const DAY_MS = 86_400_000;

export interface StorageFacts {
  folders: Readonly<Record<FolderPart, FolderUse>>;
  histories: Readonly<Record<HistoryPart, HistoryUse>>;
  files: readonly TaskFile[];
  ingested: { count: number; oldestAt: number | null };
  /** How many tasks the queue has; null if it cannot be asked. */
  tasks: number | null;
  settings: Settings;
}

const noLimit = { limitBytes: null, ageDays: null };

export function storageReport(facts: StorageFacts): StorageUse[] {
  const { folders, histories, settings } = facts;
  const { keepDays, filesLimitMb } = settings.tasks;
  const history = (kind: HistoryPart): StorageUse => ({
    ...{ kind, limitBytes: null, ...histories[kind] },
    // Activity is kept by number, not by age.
    ageDays: kind === 'activity' ? null : KEPT_MS[QUARTER] / DAY_MS,
  });
  const files = (kind: 'uploads' | 'results', of: TaskFile['kind']): StorageUse => {
    const found = facts.files.filter((file) => file.kind === of);
    return {
      ...{ kind, limitBytes: filesLimitMb * MIB, ageDays: keepDays, count: found.length },
      sizeBytes: found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      oldestAt: found[0]?.createdAt ?? null,
    };
  };
  const folder = (kind: 'index' | 'models' | 'damaged' | 'other', use: FolderUse): StorageUse => ({
    ...{ kind, ...noLimit, sizeBytes: use.sizeBytes, count: use.files, oldestAt: null },
  });
  const inHistories = Object.values(histories).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [
    folder('index', folders.index),
    files('uploads', 'upload'),
    files('results', 'result'),
    {
      ...{ kind: 'ingested', ...noLimit, sizeBytes: folders.ingested.sizeBytes },
      ...{ count: facts.ingested.count, oldestAt: facts.ingested.oldestAt },
    },
    {
      ...{ kind: 'tasks', limitBytes: null, ageDays: keepDays, sizeBytes: folders.queue.sizeBytes },
      ...{ count: facts.tasks, oldestAt: null },
    },
    history('requests'),
    history('history'),
    history('activity'),
    folder('models', folders.models),
    {
      ...folder('damaged', folders.damaged),
      ...{ limitBytes: DAMAGED_BYTES, ageDays: DAMAGED_DAYS },
    },
    folder('other', {
      sizeBytes: folders.other.sizeBytes + Math.max(0, folders.state.sizeBytes - inHistories),
      files: folders.other.files + folders.state.files,
    }),
  ];
}
