/** Which of many runners are shown. Pure. */
import type { NodeState } from '../../../shared/models/fleet.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { conditionOf, needsAttention } from './runner-text.ts';

export type Group = 'all' | 'attention' | 'ready' | 'off';

export const groupLabels: Readonly<Record<Group, string>> = {
  all: 'All',
  attention: 'Need attention',
  ready: 'Ready',
  off: 'Off',
};

type Machines = Readonly<Record<string, NodeState>>;

function isIn(group: Group, runner: RunnerView, machines: Machines): boolean {
  if (group === 'all') return true;
  const condition = conditionOf(runner, machines[runner.nodeId] ?? null);
  if (group === 'attention') return needsAttention(condition);
  if (group === 'off') return condition === 'off' || condition === 'machine-off';
  return runner.state === 'ready' && !needsAttention(condition);
}

export function countGroups(runners: readonly RunnerView[], machines: Machines): Record<Group, number> {
  const count = (group: Group) => runners.filter((runner) => isIn(group, runner, machines)).length;
  return { all: count('all'), attention: count('attention'), ready: count('ready'), off: count('off') };
}

export function matchRunners(
  runners: readonly RunnerView[],
  machines: Machines,
  { group, text }: { group: Group; text: string },
): RunnerView[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return runners.filter(
    (runner) =>
      isIn(group, runner, machines) && words.every((word) => runner.name.toLowerCase().includes(word)),
  );
}

export type Row = 'trouble' | 'running' | 'quiet';

/**
 * The small cards of those that don't run apart from the large ones of those that do, so that neither leaves gaps: what
 * needs attention first, what is off last.
 */
export function inRows(
  runners: readonly RunnerView[],
  machines: Machines,
): { row: Row; runners: readonly RunnerView[] }[] {
  const rowOf = (runner: RunnerView): Row => {
    if (runner.state === 'ready') return 'running';
    return needsAttention(conditionOf(runner, machines[runner.nodeId] ?? null)) ? 'trouble' : 'quiet';
  };
  return (['trouble', 'running', 'quiet'] as const)
    .map((row) => ({ row, runners: runners.filter((runner) => rowOf(runner) === row) }))
    .filter((one) => one.runners.length > 0);
}
