/** What core saves of tasks, in memory. */
import type {
  DepthBucket,
  IngestedRecord,
  TaskStore,
  WebhookRecord,
} from '../../electron/core/ports/task-state.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { TaskWorkerRecord } from '../../shared/models/tasks.ts';

export interface MemoryTaskStore extends TaskStore {
  /** Makes every change fail, as a full disk does. */
  failing: boolean;
}

export function createMemoryTaskStore(): MemoryTaskStore {
  const workers = new Map<string, TaskWorkerRecord>();
  const texts = new Map<string, IngestedRecord>();
  const webhooks = new Map<string, WebhookRecord>();
  let since: number | null = null;
  let buckets: DepthBucket[] = [];
  const self = { failing: false };
  const check = () => {
    if (self.failing) throw new PilotlightError('DISK_FULL');
  };
  const byAge = (one: IngestedRecord, other: IngestedRecord) => one.addedAt - other.addedAt;

  return {
    get failing() {
      return self.failing;
    },
    set failing(value) {
      self.failing = value;
    },
    workers: {
      list: () => [...workers.values()],
      put(worker) {
        check();
        workers.set(worker.id, worker);
      },
      remove: (id) => void workers.delete(id),
    },
    ingested: {
      get: (taskId) => texts.get(taskId) ?? null,
      list({ text = '', offset, limit }) {
        const found = [...texts.values()]
          .filter(({ state, title }) => state !== 'deleted' && title.includes(text))
          .sort(byAge)
          .reverse();
        return { texts: found.slice(offset, offset + limit), total: found.length };
      },
      inState: (state, limit) =>
        [...texts.values()]
          .filter((one) => one.state === state)
          .sort(byAge)
          .slice(0, limit),
      put(records) {
        check();
        for (const record of records) texts.set(record.taskId, record);
      },
      remove: (taskIds) => {
        for (const id of taskIds) texts.delete(id);
      },
      size: () => ({ count: texts.size, oldestAt: null }),
    },
    webhooks: {
      list: () => [...webhooks.values()],
      since(now) {
        since ??= now;
        return since;
      },
      put(records) {
        check();
        for (const record of records) webhooks.set(record.taskId, record);
      },
      remove: (taskIds) => {
        for (const id of taskIds) webhooks.delete(id);
      },
    },
    depth: {
      read: (seconds, from, last) =>
        buckets
          .filter((one) => one.seconds === seconds && one.start >= from && one.start <= last)
          .sort((one, other) => one.start - other.start),
      write({ buckets: written, prune }) {
        check();
        const replaced = (one: DepthBucket) =>
          written.some(({ seconds, start }) => seconds === one.seconds && start === one.start);
        const old = (one: DepthBucket) =>
          prune.some(({ seconds, before }) => seconds === one.seconds && one.start < before);
        buckets = [...buckets.filter((one) => !replaced(one)), ...written].filter((one) => !old(one));
      },
    },
  };
}
