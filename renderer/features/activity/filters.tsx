import { Search } from 'lucide-react';
import type { ActivityEntry, ActivityKind } from '../../../shared/models/activity.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { kindNames, severities } from './entry.tsx';
import { type ActivityFilter, type Severity, toggled } from './filter.ts';

const pill =
  'inline-flex h-8 items-center gap-1.5 rounded-full border border-line-strong px-3 text-[0.8125rem] text-soft transition-colors hover:border-faint hover:text-text aria-pressed:border-flame aria-pressed:bg-flame-wash aria-pressed:text-flame-text';
const box = 'h-9 min-w-0 rounded-lg border border-line-strong bg-surface hover:border-faint';

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
    <search className="mb-4 grid gap-3">
      <div className="flex flex-wrap gap-2">
        <label className="relative min-w-0 flex-1 basis-56">
          <span className="sr-only">Search activity</span>
          <Search size={16} aria-hidden="true" className="absolute top-2.5 left-3 text-faint" />
          <input
            type="search"
            value={filter.text}
            placeholder="Search activity"
            onChange={(event) => onChange({ ...filter, text: event.target.value })}
            className={`${box} w-full pr-3 pl-9`}
          />
        </label>
        <select
          aria-label="Machine"
          value={filter.nodeId ?? ''}
          onChange={(event) => onChange({ ...filter, nodeId: event.target.value || null })}
          className={`${box} px-2 max-sm:basis-full sm:max-w-64`}
        >
          <option value="">All machines</option>
          {nodes.map((node) => (
            <option key={node.id} value={node.id}>
              {node.name}
            </option>
          ))}
        </select>
      </div>
      <div className="flex flex-wrap gap-x-6 gap-y-2">
        <fieldset className="flex flex-wrap gap-2">
          <legend className="sr-only">Filter by severity</legend>
          {(Object.keys(severities) as Severity[]).map((severity) => {
            const { Icon, className, name } = severities[severity];
            return (
              <button
                key={severity}
                type="button"
                aria-pressed={filter.severities.has(severity)}
                onClick={() => onChange({ ...filter, severities: toggled(filter.severities, severity) })}
                className={pill}
              >
                <Icon size={14} aria-hidden="true" className={className} />
                {name}
              </button>
            );
          })}
        </fieldset>
        {kinds.length > 1 && (
          <fieldset className="flex flex-wrap gap-2">
            <legend className="sr-only">Filter by area</legend>
            {kinds.map((kind) => (
              <button
                key={kind}
                type="button"
                aria-pressed={filter.kinds.has(kind)}
                onClick={() => onChange({ ...filter, kinds: toggled(filter.kinds, kind) })}
                className={pill}
              >
                {kindNames[kind]}
              </button>
            ))}
          </fieldset>
        )}
      </div>
    </search>
  );
}
