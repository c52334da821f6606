/**
 * Calls the webhooks of tasks that have ended, once for each end. A record is kept as long as its task: it says for which
 * end the webhook was called, so what was not sent is sent after a restart, and a task that is retried has its whole
 * address.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, type Message } from '../../../shared/models/message.ts';
import { taskWebhookSecret } from '../../../shared/models/secrets.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { endedTaskStates, type TaskRecord } from '../../../shared/models/tasks.ts';
import { hasPassword, withoutPassword } from '../../../shared/network/callable-address.ts';
import { settledWithin } from '../../../shared/settled-within.ts';
import type { Log } from '../ports/log.ts';
import type { Http } from '../ports/network.ts';
import type { Secrets } from '../ports/state.ts';
import type { TaskStore, WebhookRecord } from '../ports/task-state.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { postJson } from '../runtime/post-json.ts';
import type { TaskEngine } from './task-engine.ts';
import { privateAddress, privateTarget } from './webhook-target.ts';

export interface TaskWebhooks {
  /** Throws WEBHOOK_PRIVATE. */
  check(url: string): void;
  /** What may be saved and shown of an address. */
  shown(url: string): string;
  /** Remembers what has to be called when a task ends; before the task is added. Throws DISK_FULL. */
  expect(webhooks: readonly { taskId: string; url: string }[]): void;
  /** They will not be called any more: the tasks could not be added, or are deleted. */
  forget(taskIds: readonly string[]): void;
  /** The task has ended. Never throws. */
  ended(task: TaskRecord): void;
  failed(): number;
  /** The queue can be read: tasks may have ended or been deleted while nothing watched it. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

/** What existing scripts read. */
export interface WebhookBody {
  task_id: string;
  status: string;
  result: unknown;
  completed_at: string;
}

/** Between the attempts, milliseconds. */
const WAITS_MS = [1000, 5000, 20_000, 120_000, 600_000, 3_600_000];
const AT_ONCE = 8;
const STOP_GRACE_MS = 2000;
/** One whose task is nowhere to be found is given up after this, milliseconds. */
const ORPHAN_MS = 24 * 3_600_000;
/** Tasks that were called already and are looked for at a time; the others have their turn at the next start. */
const LOOKED_FOR = 5000;

export function webhookBody(task: TaskRecord): WebhookBody {
  const { result, failure } = task;
  return {
    task_id: task.id,
    status: task.state,
    result:
      result === null
        ? { success: false, error_message: failure?.message ?? null }
        : {
            success: true,
            content: result.content,
            metadata: { ...result.metadata, ...task.spec.metadata },
            processing_time: result.processingMs / 1000,
          },
    completed_at: new Date(task.endedAt ?? 0).toISOString(),
  };
}

export function createTaskWebhooks(dependencies: {
  clock: Clock;
  log: Log;
  http: Http;
  store: TaskStore['webhooks'];
  secrets: Pick<Secrets, 'get' | 'change'>;
  settings: { current(): Settings };
  engine: Pick<TaskEngine, 'queue'>;
  onFailed(task: TaskRecord, failure: { reason: Message; times: number }): void;
}): TaskWebhooks {
  const { clock, log, http, store, secrets, settings, engine } = dependencies;
  const waiting = new Map<string, WebhookRecord>(store.list().map((record) => [record.taskId, record]));
  const sending = new Map<string, Promise<void>>();
  const since = store.since(clock.now());
  const stopping = new AbortController();
  let timer: Timer | null = null;
  let failedCount = 0;

  const allowsPrivate = () => settings.current().tasks.privateWebhooks;

  function save(record: WebhookRecord): void {
    waiting.set(record.taskId, record);
    try {
      store.put([record]);
    } catch (error) {
      log.warn('A webhook could not be saved.', { task: record.taskId, error: String(error) });
    }
  }

  function drop(taskIds: readonly string[]): void {
    const known = taskIds.filter((id) => waiting.delete(id));
    if (known.length === 0) return;
    try {
      store.remove(known);
      const sealed = known.map(taskWebhookSecret).filter((name) => secrets.get(name) !== null);
      if (sealed.length > 0) secrets.change(Object.fromEntries(sealed.map((name) => [name, null])));
    } catch (error) {
      log.warn('A webhook could not be removed.', { error: String(error) });
    }
  }

  /** Sends what is due, a few at a time, and waits for the next. */
  function pump(): void {
    timer?.cancel();
    timer = null;
    if (stopping.signal.aborted) return;
    const now = clock.now();
    const due = [...waiting.values()]
      .filter(({ taskId, nextAt }) => nextAt !== null && !sending.has(taskId))
      .sort((one, other) => (one.nextAt ?? 0) - (other.nextAt ?? 0));
    for (const record of due) {
      if (sending.size >= AT_ONCE) return;
      const waitMs = (record.nextAt ?? 0) - now;
      if (waitMs > 0) {
        timer = clock.timer(waitMs, pump);
        return;
      }
      const one = send(record)
        .catch((error: unknown) => {
          if (stopping.signal.aborted) return;
          log.warn('A webhook could not be sent.', { task: record.taskId, error: String(error) });
          save({ ...record, nextAt: clock.now() + (WAITS_MS.at(-2) ?? 0) });
        })
        .finally(() => {
          sending.delete(record.taskId);
          pump();
        });
      sending.set(record.taskId, one);
    }
  }

  async function send(record: WebhookRecord): Promise<void> {
    const { taskId } = record;
    const found = await (await engine.queue()).get(taskId);
    if (found === null) return drop([taskId]);
    const { task } = found;
    // It was queued again before it could be sent: it is sent at the next end.
    if (!endedTaskStates.has(task.state)) return save({ ...record, attempts: 0, nextAt: null });
    const { reason, refused } = await post(record, task);
    const attempts = record.attempts + 1;
    const wait = reason === null || refused ? undefined : WAITS_MS[attempts - 1];
    // Its task may have been deleted meanwhile.
    if (waiting.has(taskId)) {
      if (wait !== undefined) return save({ ...record, attempts, nextAt: clock.now() + wait });
      save({ ...record, attempts: 0, nextAt: null, calledFor: task.endedAt });
      // It may have been retried, and ended again, while the call was under way.
      void again(taskId);
    }
    if (reason === null || wait !== undefined) return;
    failedCount += 1;
    dependencies.onFailed(task, { reason, times: attempts });
  }

  async function again(taskId: string): Promise<void> {
    try {
      const found = await (await engine.queue()).get(taskId);
      if (found) ended(found.task);
    } catch (error) {
      log.debug('A task could not be read.', { task: taskId, error: String(error) });
    }
  }

  function ended(task: TaskRecord): void {
    const { webhookUrl } = task.spec;
    const known = waiting.get(task.id);
    if (!endedTaskStates.has(task.state)) return;
    // Without a record, another program has queued it; or it had ended before there were records.
    if (known === undefined && (webhookUrl === null || (task.endedAt ?? 0) <= since)) return;
    const record = known ?? {
      ...{ taskId: task.id, url: webhookUrl ?? '', addedAt: clock.now(), attempts: 0, nextAt: null },
      calledFor: null,
    };
    if (record.nextAt !== null || record.calledFor === task.endedAt) return;
    save({ ...record, attempts: 0, nextAt: clock.now() });
    pump();
  }

  /** `refused`: the next attempt would be refused, too. */
  async function post(
    record: WebhookRecord,
    task: TaskRecord,
  ): Promise<{ reason: Message | null; refused: boolean }> {
    const url = secrets.get(taskWebhookSecret(record.taskId)) ?? record.url;
    const sent = { http, url, body: webhookBody(task) };
    if (allowsPrivate()) return { reason: await postJson(sent, stopping.signal), refused: false };
    const plain = privateTarget(url);
    if (plain !== null) return { reason: errorMessage(plain), refused: true };
    let refused = false;
    const refuse = (address: string) => {
      const refusal = privateAddress(address);
      refused ||= refusal !== null;
      return refusal;
    };
    return { reason: await postJson({ ...sent, refuse }, stopping.signal), refused };
  }

  return {
    check(url) {
      const refusal = allowsPrivate() ? null : privateTarget(url);
      if (refusal !== null) throw refusal;
    },
    shown: withoutPassword,
    expect(webhooks) {
      if (webhooks.length === 0) return;
      const sealed = webhooks.filter(({ url }) => hasPassword(url));
      if (sealed.length > 0) {
        secrets.change(Object.fromEntries(sealed.map(({ taskId, url }) => [taskWebhookSecret(taskId), url])));
      }
      const records = webhooks.map(({ taskId, url }) => ({
        ...{ taskId, url: withoutPassword(url), addedAt: clock.now(), attempts: 0, nextAt: null },
        calledFor: null,
      }));
      store.put(records);
      for (const record of records) waiting.set(record.taskId, record);
    },
    forget: drop,
    ended,
    failed: () => failedCount,
    async catchUp() {
      const records = [...waiting.values()].filter(({ nextAt }) => nextAt === null);
      const open = records.filter(({ calledFor }) => calledFor === null);
      const called = records.filter(({ calledFor }) => calledFor !== null).slice(0, LOOKED_FOR);
      for (const { taskId, addedAt } of [...open, ...called]) {
        const found = await (await engine.queue()).get(taskId);
        if (found !== null) ended(found.task);
        else if (clock.now() - addedAt > ORPHAN_MS) drop([taskId]);
      }
      pump();
    },
    async stop() {
      if (sending.size > 0) await settledWithin(clock, STOP_GRACE_MS, Promise.all(sending.values()));
      stopping.abort(new PilotlightError('STOPPING'));
      timer?.cancel();
      await Promise.all(sending.values());
    },
  };
}
