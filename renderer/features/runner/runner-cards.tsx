import { useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { NodeState } from '../../../shared/models/fleet.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { formatCount } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/page.tsx';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { runnerHref } from '../shell/route.ts';
import { RunnerCard } from './runner-card.tsx';
import { countGroups, type Group, groupLabels, inRows, matchRunners } from './runner-filter.ts';

/** More are shown on request: each card is large. */
const shownAtOnce = 12;
/** Fewer need no filter. */
const fewRunners = 6;

export function useMachineStates(): Readonly<Record<string, NodeState>> {
  return useFleet(
    useShallow((state) => Object.fromEntries(selectNodes(state).map((node) => [node.id, node.state]))),
  );
}

export interface RunnerFilter {
  group: Group;
  text: string;
}

/** A card for each runner; a filter where there are many. */
export function RunnerCards({
  runners,
  asked,
  filter: { group, text },
  onFilter,
  onAdd,
  onPull,
}: {
  runners: readonly RunnerView[];
  /** The only one to show; null for all. */
  asked: string | null;
  filter: RunnerFilter;
  onFilter(patch: Partial<RunnerFilter>): void;
  onAdd(nodeId: string): void;
  onPull(nodeId: string): void;
}) {
  const machines = useMachineStates();
  const [most, setMost] = useState(shownAtOnce);
  const only = asked === null ? null : runners.filter(({ nodeId }) => nodeId === asked);
  const many = runners.length > fewRunners && only === null;
  const fitting = only ?? (many ? matchRunners(runners, machines, { group, text }) : runners);
  const shown = inRows(fitting, machines)
    .flatMap((row) => row.runners)
    .slice(0, most);
  const left = fitting.length - shown.length;

  return (
    <>
      {only !== null && (
        <p className="mb-4 text-[0.8125rem] text-soft">
          {only.length === 0 ? 'That machine has no runner. ' : `Only ${only[0]?.name} is shown. `}
          <a href={runnerHref('runners')} className="rounded text-text underline underline-offset-2">
            Show all runners
          </a>
        </p>
      )}
      {many && (
        <Filter
          counts={countGroups(runners, machines)}
          group={group}
          text={text}
          onGroup={(next) => onFilter({ group: next })}
          onText={(next) => onFilter({ text: next })}
        />
      )}
      {many && fitting.length === 0 && (
        <Empty
          title="No matching runners"
          actions={<Button onClick={() => onFilter({ group: 'all', text: '' })}>Clear filters</Button>}
        />
      )}
      <div className="grid gap-4">
        {inRows(shown, machines).map(({ row, runners: inRow }) => (
          <div
            key={row}
            className="grid items-start gap-4 rail:grid-cols-2 wide:grid-cols-3 min-[140rem]:grid-cols-4"
          >
            {inRow.map((runner) => (
              <RunnerCard
                key={runner.nodeId}
                runner={runner}
                machine={machines[runner.nodeId] ?? null}
                onAdd={() => onAdd(runner.nodeId)}
                onPull={() => onPull(runner.nodeId)}
              />
            ))}
          </div>
        ))}
      </div>
      {left > 0 && (
        <div className="mt-4 flex justify-center">
          <Button onClick={() => setMost(most + 24)}>Show more ({formatCount(left)} left)</Button>
        </div>
      )}
    </>
  );
}

function Filter({
  counts,
  group,
  text,
  onGroup,
  onText,
}: {
  counts: Readonly<Record<Group, number>>;
  group: Group;
  text: string;
  onGroup(group: Group): void;
  onText(text: string): void;
}) {
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <fieldset className="flex flex-wrap rounded-lg border border-line-strong bg-surface p-0.5">
        <legend className="sr-only">Show runners</legend>
        {(Object.keys(groupLabels) as Group[]).map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={one === group}
            onClick={() => onGroup(one)}
            className="h-7 rounded-md px-2.5 text-[0.8125rem] text-soft hover:text-text aria-pressed:bg-flame-wash aria-pressed:font-medium aria-pressed:text-flame-text"
          >
            {groupLabels[one]} {formatCount(counts[one])}
          </button>
        ))}
      </fieldset>
      <input
        type="search"
        aria-label="Find a runner by name"
        placeholder="Name"
        value={text}
        onChange={(event) => onText(event.target.value)}
        className="h-8 min-w-40 rounded-lg border border-line-strong bg-ground px-3"
      />
    </div>
  );
}
