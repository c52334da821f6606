import type { TaskView, TaskWorker } from '../../../shared/models/tasks.ts';
import {
  ClearFilters,
  FilterBar,
  FilterChoice,
  FilterPills,
  FilterRow,
  SearchBox,
} from '../../components/filters.tsx';
import { isFiltered, noFilter, stateGroups, type TaskFilter } from './filter.ts';
import { groupLabels, queueLabels, typeLabels } from './task-text.ts';

/** Filters by text, state, queue, type and worker. */
export function Filters({
  filter,
  workers,
  onChange,
}: {
  filter: TaskFilter;
  workers: readonly TaskWorker[];
  onChange(filter: TaskFilter): void;
}) {
  return (
    <FilterBar>
      <FilterRow>
        <SearchBox
          label="Search tasks"
          value={filter.text}
          onChange={(text) => onChange({ ...filter, text })}
        />
        <FilterChoice
          label="Queue"
          all="Both queues"
          value={filter.queue}
          options={Object.entries(queueLabels).map(([queue, name]) => [queue, `${name} queue`])}
          onChange={(queue) => onChange({ ...filter, queue: queue as TaskView['queue'] | null })}
        />
        <FilterChoice
          label="Type"
          all="All types"
          value={filter.contentType}
          options={Object.entries(typeLabels)}
          onChange={(type) => onChange({ ...filter, contentType: type as TaskView['contentType'] | null })}
        />
        <FilterChoice
          label="Worker"
          all="All workers"
          value={filter.workerId}
          options={workers.map(({ id, name }) => [id, name])}
          onChange={(workerId) => onChange({ ...filter, workerId })}
        />
      </FilterRow>
      <FilterRow>
        <FilterPills
          legend="Filter by state"
          values={stateGroups}
          pressed={filter.groups}
          onChange={(groups) => onChange({ ...filter, groups })}
        >
          {(group) => groupLabels[group]}
        </FilterPills>
        {filter.batchId !== null && (
          <span className="text-[0.8125rem] text-soft">
            Batch <code className="font-mono text-xs">{filter.batchId}</code>
          </span>
        )}
        {isFiltered(filter) && <ClearFilters onClear={() => onChange(noFilter)} />}
      </FilterRow>
    </FilterBar>
  );
}
