/** The metrics of tasks: their queues, their workers and how they ended. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { type TaskQueueView, type TaskWorker, taskStateSchema } from '../../../shared/models/tasks.ts';
import type { TaskTotals } from '../../core/tasks/model.ts';

export interface TaskMetrics {
  set(queues: readonly TaskQueueView[], workers: readonly TaskWorker[], totals: TaskTotals | null): void;
}

const workerStates = ['online', 'draining', 'asleep', 'lost'] as const satisfies TaskWorker['state'][];

export function createTaskMetrics(registry: Registry): TaskMetrics {
  const registers = [registry];
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name, help, labelNames, registers });

  const tasks = gauge('pilotlight_tasks', 'Tasks of a queue by state.', ['queue', 'state']);
  const oldest = gauge(
    'pilotlight_tasks_oldest_seconds',
    'Age of the task of a queue that waits longest; 0 if none waits.',
    ['queue'],
  );
  const ready = gauge('pilotlight_tasks_queue_workers', 'Workers that take tasks of a queue now.', ['queue']);
  const added = counter('pilotlight_tasks_added_total', 'Tasks added, by the queue they were put into.', [
    'queue',
  ]);
  const ended = counter('pilotlight_tasks_ended_total', 'Tasks that ended, by queue and how.', [
    'queue',
    'state',
  ]);
  const lost = counter('pilotlight_tasks_lost_total', 'Attempts whose worker stopped reporting.');
  const stored = counter('pilotlight_tasks_stored_total', 'Texts of tasks that were put into the index.');
  const webhooks = counter('pilotlight_tasks_webhooks_failed_total', 'Webhooks that could not be sent.');
  const worker = ['worker', 'name', 'type'] as const;
  const state = gauge('pilotlight_tasks_worker_state', 'State of a worker: 1 for the present one.', [
    ...worker,
    'state',
  ]);
  const active = gauge('pilotlight_tasks_worker_active', 'Tasks that a worker has now.', [...worker]);
  const slots = gauge('pilotlight_tasks_worker_slots', 'Tasks that a worker can have at once.', [...worker]);
  const cpu = gauge('pilotlight_tasks_worker_cpu_ratio', 'CPU cores that the handlers of a worker use.', [
    ...worker,
  ]);
  const memory = gauge('pilotlight_tasks_worker_memory_bytes', 'Memory of the handlers of a worker.', [
    ...worker,
  ]);
  const done = counter('pilotlight_tasks_worker_ended_total', 'Attempts of a worker, by how they ended.', [
    ...worker,
    'outcome',
  ]);

  return {
    set(queues, workers, totals) {
      for (const { queue, counts, oldestMs, workers: count } of queues) {
        for (const one of taskStateSchema.options) tasks.set({ queue, state: one }, counts[one]);
        oldest.set({ queue }, (oldestMs ?? 0) / 1000);
        ready.set({ queue }, count);
      }
      for (const view of workers) {
        const labels = { worker: view.id, name: view.name, type: view.type };
        for (const one of workerStates) state.set({ ...labels, state: one }, view.state === one ? 1 : 0);
        active.set(labels, view.active);
        slots.set(labels, view.slots);
        if (view.load !== null) {
          cpu.set(labels, view.load.cpu);
          memory.set(labels, view.load.memoryBytes);
        }
        done.inc({ ...labels, outcome: 'done' }, view.done);
        done.inc({ ...labels, outcome: 'failed' }, view.failed);
      }
      if (totals === null) return;
      for (const [queue, count] of Object.entries(totals.added)) added.inc({ queue }, count);
      for (const { queue, state: end, count } of totals.ended) ended.inc({ queue, state: end }, count);
      lost.inc(totals.lost);
      stored.inc(totals.stored);
      webhooks.inc(totals.webhooksFailed);
    },
  };
}
