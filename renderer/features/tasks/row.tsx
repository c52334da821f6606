// biome-ignore-all lint/a11y/useSemanticElements: a table cannot render only the rows that are visible.
import { memo } from 'react';
import type { TaskView } from '../../../shared/models/tasks.ts';
import { useNow } from '../../components/now.ts';
import { RowCell, type RowColumns, RowFrame, type RowPlace } from '../../components/row-grid.tsx';
import { Ago, formatElapsed } from '../../components/time.tsx';
import { textOrEmpty } from '../../texts.ts';
import { TaskGlyph } from './state-glyph.tsx';
import {
  durationText,
  progressLine,
  queueLabels,
  ranMs,
  rowLabel,
  stateLabel,
  typeLabels,
} from './task-text.ts';

const columnsClass =
  'grid grid-cols-[1.25rem_6.5rem_minmax(0,1.6fr)_6rem_3.5rem_minmax(0,0.9fr)_minmax(0,1.1fr)_5rem_5.5rem] items-center gap-x-3 px-4';

export const columns: RowColumns = {
  names: ['Chosen', 'State', 'Task', 'Type', 'Queue', 'Worker', 'Progress', 'Took', 'Added'],
  className: columnsClass,
  rightFrom: 7,
  hidesFirst: true,
};

/** Heights in rem: one line in the table, three in a card. */
export const rowRem = { table: 2.75, card: 5.25 };

export interface RowProps extends RowPlace {
  task: TaskView;
  selected: boolean;
}

/** One task as a row of the grid. */
export const Row = memo(function Row(props: RowProps) {
  const { task, selected, shape, ...place } = props;
  return (
    <RowFrame {...place} selected={selected} label={rowLabel(task)}>
      {shape === 'table' ? <TableCells {...props} /> : <CardCells {...props} />}
    </RowFrame>
  );
});

/** Only a picture of the choice: the row says it to screen readers, and Space changes it. */
const Choice = ({ selected }: { selected: boolean }) => (
  <span data-row-control="" className="-m-2.5 grid place-items-center p-2.5" aria-hidden="true">
    <span
      className={`grid size-4 place-items-center rounded border text-[0.7rem] leading-none font-bold ${selected ? 'border-flame bg-flame-fill text-on-flame' : 'border-line-strong'}`}
    >
      {selected ? '✓' : ''}
    </span>
  </span>
);

function TableCells({ task, selected }: RowProps) {
  return (
    <div role="presentation" className={`${columnsClass} h-full`}>
      <RowCell className="overflow-visible">
        <Choice selected={selected} />
      </RowCell>
      <RowCell className={`flex items-center gap-2 font-medium ${stateClass(task)}`}>
        <TaskGlyph task={task} />
        {stateLabel(task)}
      </RowCell>
      <RowCell title={task.title}>{task.title}</RowCell>
      <RowCell className="text-soft">{typeLabels[task.contentType]}</RowCell>
      <RowCell className="text-soft">{queueLabels[task.queue]}</RowCell>
      <RowCell className={task.workerName === null ? 'text-faint' : ''} title={task.workerName ?? ''}>
        {task.workerName ?? '–'}
      </RowCell>
      <RowCell className="text-soft" title={noteOf(task)}>
        {noteOf(task) || '–'}
      </RowCell>
      <RowCell className="text-right">
        <Took task={task} />
      </RowCell>
      <RowCell className="text-right text-faint">
        <Ago at={task.addedAt} />
      </RowCell>
    </div>
  );
}

const stateClass = ({ state }: TaskView) => (state === 'failed' ? 'text-trouble-text' : '');

/** What there is to say: progress, why it failed, or what it waits for. */
const noteOf = (task: TaskView): string =>
  task.state === 'failed'
    ? (task.failure?.message ?? '')
    : progressLine(task) || (task.state === 'completed' ? '' : textOrEmpty(task.why));

function Took({ task }: { task: TaskView }) {
  return task.state === 'active' ? <SoFar task={task} /> : durationText(ranMs(task, 0));
}

function SoFar({ task }: { task: TaskView }) {
  const ms = ranMs(task, useNow());
  return ms === null ? '–' : `${formatElapsed(ms)} …`;
}

function CardCells({ task, selected }: RowProps) {
  return (
    <div role="presentation" className="flex h-full items-center gap-3 px-4">
      <RowCell className="overflow-visible">
        <Choice selected={selected} />
      </RowCell>
      <div role="presentation" className="flex min-w-0 flex-1 flex-col gap-0.5">
        <div role="presentation" className="flex items-center gap-2">
          <RowCell className="flex flex-1 items-center gap-2">
            <TaskGlyph task={task} />
            <span className="min-w-0 truncate font-medium">{task.title}</span>
          </RowCell>
          <RowCell className="shrink-0 text-xs text-faint">
            <Ago at={task.addedAt} />
          </RowCell>
        </div>
        <RowCell className={`pl-6 text-[0.8125rem] ${stateClass(task) || 'text-soft'}`}>
          {[stateLabel(task), `${queueLabels[task.queue]} queue`, task.workerName]
            .filter(Boolean)
            .join(' · ')}
        </RowCell>
        <RowCell className="pl-6 text-xs text-faint">{noteOf(task) || typeLabels[task.contentType]}</RowCell>
      </div>
    </div>
  );
}
