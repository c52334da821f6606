import {
  ClearFilters,
  FilterBar,
  FilterChoice,
  FilterPills,
  FilterRow,
  SearchBox,
} from '../../components/filters.tsx';
import { type choicesIn, isFiltered, noFilter, type RequestFilter, stateGroups } from './filter.ts';
import { groupLabels } from './request-text.ts';

const programName = (program: string) => program || 'Unnamed program';

/** Filters by text, state, model, machine and program. */
export function Filters({
  filter,
  choices,
  nodeName,
  onChange,
}: {
  filter: RequestFilter;
  choices: ReturnType<typeof choicesIn>;
  nodeName(nodeId: string): string;
  onChange(filter: RequestFilter): void;
}) {
  return (
    <FilterBar>
      <FilterRow>
        <SearchBox
          label="Search requests"
          value={filter.text}
          onChange={(text) => onChange({ ...filter, text })}
        />
        <FilterChoice
          label="Model"
          all="All models"
          value={filter.model}
          options={choices.models.map((model) => [model, model])}
          onChange={(model) => onChange({ ...filter, model })}
        />
        <FilterChoice
          label="Machine"
          all="All machines"
          value={filter.nodeId}
          options={choices.nodeIds.map((nodeId) => [nodeId, nodeName(nodeId)])}
          nameOf={nodeName}
          onChange={(nodeId) => onChange({ ...filter, nodeId })}
        />
        <FilterChoice
          label="Program"
          all="All programs"
          value={filter.program}
          options={choices.programs.map((program) => [program, programName(program)])}
          nameOf={programName}
          onChange={(program) => onChange({ ...filter, program })}
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
        {isFiltered(filter) && <ClearFilters onClear={() => onChange(noFilter)} />}
      </FilterRow>
    </FilterBar>
  );
}
