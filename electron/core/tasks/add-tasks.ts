/** Adds tasks: takes their input, decides their queue, and puts all of them in, or none. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { TaskQueueName } from '../../../shared/models/tasks.ts';
import type { Log } from '../ports/log.ts';
import type { TaskFiles } from '../ports/task-files.ts';
import type { NewTask, TaskQueue } from '../ports/task-queue.ts';
import type { Clock, Ids } from '../ports/time.ts';
import type { TaskRequest } from './model.ts';
import { specOf, type TaskInputs } from './new-task.ts';
import { CPU_QUEUE, GPU_QUEUE, type RoutableWorker, routeTask } from './routing.ts';
import type { TaskEngine } from './task-engine.ts';
import type { TaskWebhooks } from './task-webhooks.ts';

export interface AddTasks {
  /** Resolves with their ids. */
  add(requests: readonly TaskRequest[], credentialId: string | null): Promise<string[]>;
  /** How many were added since the core was created. */
  added(): Record<TaskQueueName, number>;
}

const HIGHEST_PRIORITY = 1_000_000;

const noSuchWorker = () => new PilotlightError('NOT_FOUND', { message: fact('NO_SUCH_WORKER') });

type Draft = Omit<NewTask, 'queue'>;

export function createAddTasks(dependencies: {
  clock: Pick<Clock, 'now'>;
  ids: Ids;
  log: Log;
  engine: Pick<TaskEngine, 'queue'>;
  settings: { current(): Settings };
  inputs: Pick<TaskInputs, 'take'>;
  files: Pick<TaskFiles, 'attach' | 'remove'>;
  webhooks: Pick<TaskWebhooks, 'check' | 'shown' | 'expect' | 'forget'>;
  workers(): readonly RoutableWorker[];
  /** The queue that a worker asks first; null if it is not known. */
  queueOf(workerId: string): TaskQueueName | null;
}): AddTasks {
  const { clock, ids, log, engine, settings, inputs, files, webhooks, workers, queueOf } = dependencies;
  const added: Record<TaskQueueName, number> = { [GPU_QUEUE]: 0, [CPU_QUEUE]: 0 };
  const never = new AbortController().signal;

  async function draftOf(
    request: TaskRequest,
    id: string,
    credentialId: string | null,
    undo: (() => unknown)[],
  ): Promise<Draft> {
    const input = await inputs.take(request.input, id, never);
    if (input.kind === 'file') {
      const { fileId } = input;
      // An upload can be used again; a text that came with the task goes with it.
      undo.push(
        request.input.kind === 'upload' ? () => files.attach(fileId, null) : () => files.remove([fileId]),
      );
    }
    const { webhookUrl } = request;
    const shown = webhookUrl === null ? null : webhooks.shown(webhookUrl);
    const now = settings.current();
    return {
      id,
      spec: specOf(request, { input, credentialId, webhookUrl: shown, settings: now }),
      // A check does not wait for the work of others.
      priority: request.onlyWorker === undefined ? request.priority : HIGHEST_PRIORITY,
      runAt: request.delaySeconds === 0 ? null : clock.now() + request.delaySeconds * 1000,
      maxAttempts: now.tasks.attempts,
    };
  }

  async function route(
    drafts: readonly Draft[],
    queue: TaskQueue,
  ): Promise<{ task: NewTask; why: Message }[]> {
    const waiting: Record<TaskQueueName, number> = { [GPU_QUEUE]: 0, [CPU_QUEUE]: 0 };
    // Read only where the route depends on it.
    if (drafts.some(({ spec }) => spec.gpu)) {
      for (const { queue: name, counts } of await queue.stats()) waiting[name] = counts.waiting;
    }
    return drafts.map((draft) => {
      const { contentType, gpu, whenGpuAsleep, onlyWorker } = draft.spec;
      if (onlyWorker !== undefined) {
        const own = queueOf(onlyWorker);
        if (own === null) throw noSuchWorker();
        return { task: { ...draft, queue: own }, why: fact('TASK_ON_GPU') };
      }
      const { queue: name, why } = routeTask({
        contentType,
        gpu,
        whenGpuAsleep,
        waiting,
        workers: workers(),
      });
      waiting[name] += 1;
      return { task: { ...draft, queue: name }, why };
    });
  }

  /** Why it is there, for those that asked for a GPU. */
  async function noteRoutes(
    routed: readonly { task: NewTask; why: Message }[],
    queue: TaskQueue,
  ): Promise<void> {
    const at = clock.now();
    const asked = routed.filter(({ task }) => task.spec.gpu);
    await Promise.all(
      asked.map(({ task, why }) => queue.note(task.id, { at, kind: 'routed', workerId: null, message: why })),
    ).catch((error: unknown) => log.debug('A route could not be noted.', { error: String(error) }));
  }

  return {
    added: () => ({ ...added }),
    async add(requests, credentialId) {
      for (const { webhookUrl } of requests) if (webhookUrl !== null) webhooks.check(webhookUrl);
      const queue = await engine.queue();
      const undo: (() => unknown)[] = [];
      let routed: { task: NewTask; why: Message }[];
      try {
        const drafts: Draft[] = [];
        const expected: { taskId: string; url: string }[] = [];
        for (const request of requests) {
          const id = ids.next('task');
          drafts.push(await draftOf(request, id, credentialId, undo));
          if (request.webhookUrl !== null) expected.push({ taskId: id, url: request.webhookUrl });
        }
        undo.push(() => webhooks.forget(expected.map(({ taskId }) => taskId)));
        webhooks.expect(expected);
        routed = await route(drafts, queue);
        await queue.add(routed.map(({ task }) => task));
      } catch (error) {
        for (const step of undo) await tryOut(step);
        throw error;
      }
      for (const { task } of routed) added[task.queue] += 1;
      await noteRoutes(routed, queue);
      return routed.map(({ task }) => task.id);
    },
  };

  async function tryOut(step: () => unknown): Promise<void> {
    try {
      await step();
    } catch (error) {
      // What is left is deleted by its age.
      log.warn('An input of a task that was not added could not be released.', { error: String(error) });
    }
  }
}
