/** Which queue a task goes into, and why. Pure. */
import { fact, type Message } from '../../../shared/models/message.ts';
import type { ContentType, TaskQueueName, TaskWorker, WhenGpuAsleep } from '../../../shared/models/tasks.ts';

export const GPU_QUEUE = 'gpu-tasks' satisfies TaskQueueName;
export const CPU_QUEUE = 'celery' satisfies TaskQueueName;

/** What a worker has to be, for a task to go its way. */
export type RoutableWorker = Pick<
  TaskWorker,
  'type' | 'queues' | 'slots' | 'active' | 'contentTypes' | 'state' | 'trouble'
>;

export interface RouteQuestion {
  contentType: ContentType;
  gpu: boolean;
  whenGpuAsleep: WhenGpuAsleep;
  workers: readonly RoutableWorker[];
  /** How many wait in each queue now. */
  waiting: Readonly<Record<TaskQueueName, number>>;
}

export interface TaskRoute {
  queue: TaskQueueName;
  why: Message;
}

/** What a GPU helps with. */
const gpuContent: ReadonlySet<ContentType> = new Set(['audio', 'video', 'image', 'mixed']);
/** So many more may wait for a GPU than for a CPU. */
const GPU_LEAD = 5;

/** Whether it takes tasks of this kind from the GPU queue, once it is online. */
export const isGpuWorkerFor = (worker: RoutableWorker, contentType: ContentType): boolean =>
  worker.type === 'gpu' &&
  worker.trouble === null &&
  worker.queues.includes(GPU_QUEUE) &&
  worker.contentTypes.includes(contentType);

export function routeTask(question: RouteQuestion): TaskRoute {
  const { contentType, gpu, whenGpuAsleep, workers, waiting } = question;
  const cpu = (why: Message): TaskRoute => ({ queue: CPU_QUEUE, why });
  if (!gpu) return cpu(fact('TASK_GPU_NOT_ASKED'));
  if (!gpuContent.has(contentType)) return cpu(fact('TASK_GPU_NO_USE'));

  const able = workers.filter((worker) => isGpuWorkerFor(worker, contentType));
  const online = able.filter(({ state }) => state === 'online');
  if (online.length > 0) {
    if (online.every(({ active, slots }) => active >= slots)) return cpu(fact('TASK_GPU_BUSY'));
    const lengths = { gpu: waiting[GPU_QUEUE], cpu: waiting[CPU_QUEUE] };
    if (lengths.gpu > lengths.cpu + GPU_LEAD) return cpu(fact('TASK_GPU_QUEUE_LONG', lengths));
    return { queue: GPU_QUEUE, why: fact('TASK_ON_GPU') };
  }
  if (whenGpuAsleep === 'wait') return { queue: GPU_QUEUE, why: fact('TASK_WAITS_FOR_GPU') };
  const asleep = able.some(({ state }) => state === 'asleep');
  if (!asleep) return cpu(fact('TASK_GPU_NONE'));
  if (whenGpuAsleep === 'use-cpu') return cpu(fact('TASK_GPU_ASLEEP_USES_CPU'));
  return { queue: GPU_QUEUE, why: fact('TASK_WAKES_GPU') };
}
