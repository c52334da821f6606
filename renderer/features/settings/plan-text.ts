import type { ImportEntry, ImportPlan } from '../../../shared/models/transfer.ts';
import { plural } from '../../../shared/units.ts';

export type Action = ImportEntry['action'];

export const actionLabels: Record<Action, string> = {
  refuse: 'Errors in the file',
  add: 'Will be added',
  change: 'Will be changed',
  'leave-out': 'Will be skipped',
  same: 'Already set',
};

export interface PlanGroup {
  action: Action;
  entries: ImportEntry[];
}

/** The entries grouped by action, errors first. */
export function groupPlan(plan: ImportPlan): PlanGroup[] {
  return (Object.keys(actionLabels) as Action[])
    .map((action) => ({ action, entries: plan.entries.filter((entry) => entry.action === action) }))
    .filter(({ entries }) => entries.length > 0);
}

/** How many changes applying would make. */
export function countWork(plan: ImportPlan): number {
  return plan.entries.filter(({ action }) => action === 'add' || action === 'change').length;
}

/** The sentence above the list. */
export function planSentence(plan: ImportPlan): string {
  const work = countWork(plan);
  if (!plan.possible) return 'Fix these errors before importing.';
  if (work === 0) return 'Nothing to do: everything is already set or skipped.';
  return `${plural(work, 'change')}. Nothing has been changed yet.`;
}
