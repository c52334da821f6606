import type { ActivityEntry, ActivityKind } from '../../../shared/models/activity.ts';
import { FilterBar, FilterChoice, FilterPills, FilterRow, SearchBox } from '../../components/filters.tsx';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { severities } from './entry.tsx';
import { type ActivityFilter, kindNames, type Severity } from './filter.ts';

/** Filters by text, machine, severity and area. */
export function Filters({
  filter,
  entries,
  onChange,
}: {
  filter: ActivityFilter;
  entries: readonly ActivityEntry[];
  onChange(filter: ActivityFilter): void;
}) {
  const nodes = selectNodes(useFleet());
  const seen = new Set(entries.map((entry) => entry.kind));
  const kinds = (Object.keys(kindNames) as ActivityKind[]).filter(
    (kind) => seen.has(kind) || filter.kinds.has(kind),
  );
  return (
    <FilterBar>
      <FilterRow>
        <SearchBox
          label="Search activity"
          value={filter.text}
          onChange={(text) => onChange({ ...filter, text })}
        />
        <FilterChoice
          label="Machine"
          all="All machines"
          value={filter.nodeId}
          options={nodes.map(({ id, name }) => [id, name])}
          onChange={(nodeId) => onChange({ ...filter, nodeId })}
        />
      </FilterRow>
      <div className="flex flex-wrap gap-x-6 gap-y-2">
        <FilterPills
          legend="Filter by severity"
          values={Object.keys(severities) as Severity[]}
          pressed={filter.severities}
          onChange={(chosen) => onChange({ ...filter, severities: chosen })}
        >
          {(severity) => {
            const { Icon, className, name } = severities[severity];
            return (
              <>
                <Icon size={14} aria-hidden="true" className={className} />
                {name}
              </>
            );
          }}
        </FilterPills>
        {kinds.length > 1 && (
          <FilterPills
            legend="Filter by area"
            values={kinds}
            pressed={filter.kinds}
            onChange={(chosen) => onChange({ ...filter, kinds: chosen })}
          >
            {(kind) => kindNames[kind]}
          </FilterPills>
        )}
      </div>
    </FilterBar>
  );
}
