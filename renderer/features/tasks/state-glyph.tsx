import { Check, Clock3, Hourglass, type LucideIcon, TriangleAlert, X } from 'lucide-react';
import type { TaskView, TaskWorker } from '../../../shared/models/tasks.ts';
import { PlacementGlyph, StateGlyph } from '../../components/glyphs.tsx';

const icons: Record<Exclude<TaskView['state'], 'active'>, { Icon: LucideIcon; className: string }> = {
  waiting: { Icon: Clock3, className: 'text-amber' },
  delayed: { Icon: Hourglass, className: 'text-cold' },
  completed: { Icon: Check, className: 'text-cold' },
  failed: { Icon: TriangleAlert, className: 'text-trouble' },
  cancelled: { Icon: X, className: 'text-cold' },
};

/** The state of a task: a flame while a GPU worker has it, hollow on a CPU. */
export function TaskGlyph({ task, size = 16 }: { task: Pick<TaskView, 'state' | 'queue'>; size?: number }) {
  if (task.state === 'active')
    return <PlacementGlyph at={task.queue === 'gpu-tasks' ? 'gpu' : 'cpu'} size={size} />;
  const { Icon, className } = icons[task.state];
  return <Icon size={size} aria-hidden="true" className={`shrink-0 ${className}`} />;
}

export function WorkerGlyph({
  worker,
  size = 16,
}: {
  worker: Pick<TaskWorker, 'state' | 'type' | 'trouble'>;
  size?: number;
}) {
  if (worker.state === 'lost' || worker.trouble !== null) return <StateGlyph state="trouble" size={size} />;
  if (worker.state === 'asleep') return <StateGlyph state="off" size={size} />;
  return <PlacementGlyph at={worker.type === 'gpu' ? 'gpu' : 'cpu'} size={size} />;
}
