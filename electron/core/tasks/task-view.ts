/** A task as people see it. Pure. */
import type { Message } from '../../../shared/models/message.ts';
import { fact } from '../../../shared/models/message.ts';
import type { TaskRecord, TaskView } from '../../../shared/models/tasks.ts';

export interface TaskFacts {
  storing: TaskView['storing'];
  workerName: string | null;
  /** What a waiting one waits for, if that is known. */
  waitsFor: Message | null;
}

export function taskView(task: TaskRecord, { storing, workerName, waitsFor }: TaskFacts): TaskView {
  const { spec, result: _result, ...record } = task;
  return {
    ...record,
    contentType: spec.contentType,
    title: spec.title,
    input: spec.input.kind,
    gpu: spec.gpu,
    store: spec.store,
    storing,
    batchId: spec.batchId,
    credentialId: spec.credentialId,
    workerName,
    why: whyOf(task, waitsFor),
  };
}

function whyOf({ state, attempts, maxAttempts }: TaskRecord, waitsFor: Message | null): Message | null {
  if (state === 'delayed' && attempts > 0) {
    return fact('TASK_NEXT_ATTEMPT', { attempt: attempts + 1, of: maxAttempts });
  }
  return state === 'waiting' || state === 'delayed' ? waitsFor : null;
}
