import type { TaskView } from '../../../shared/models/tasks.ts';
import { RowGrid } from '../../components/row-grid.tsx';
import { columns, Row, rowRem } from './row.tsx';

/** The tasks; Space or the box at the left chooses one for the buttons above. */
export const TaskList = ({
  tasks,
  selected,
  ...grid
}: {
  tasks: readonly TaskView[];
  selected: ReadonlySet<string>;
  openId: string | null;
  onOpen(taskId: string): void;
  onSelect(taskId: string): void;
  onHold(held: boolean): void;
}) => (
  <RowGrid label="Tasks" rows={tasks} columns={columns} rowRem={rowRem} {...grid}>
    {(task, place) => <Row key={task.id} task={task} selected={selected.has(task.id)} {...place} />}
  </RowGrid>
);
