import type { ImportEntry, ImportPlan } from '../../../shared/models/transfer.ts';
import { plural } from '../../../shared/units.ts';

export type Action = ImportEntry['action'];

export const actionWords: Record<Action, string> = {
  refuse: 'Wrong in the file',
  add: 'Is added',
  change: 'Is changed',
  'leave-out': 'Is left out',
  same: 'Is so already',
};

export interface PlanGroup {
  action: Action;
  entries: ImportEntry[];
}

/** The entries by what is done with them; what has to be corrected first. */
export function groupPlan(plan: ImportPlan): PlanGroup[] {
  return (Object.keys(actionWords) as Action[])
    .map((action) => ({ action, entries: plan.entries.filter((entry) => entry.action === action) }))
    .filter(({ entries }) => entries.length > 0);
}

/** How much applying would do. */
export function countWork(plan: ImportPlan): number {
  return plan.entries.filter(({ action }) => action === 'add' || action === 'change').length;
}

/** One sentence over the list. */
export function planSentence(plan: ImportPlan): string {
  const work = countWork(plan);
  if (!plan.possible) return 'Nothing can be imported before this is corrected.';
  if (work === 0) return 'Nothing to do: all of it is so already, or left out.';
  return `${plural(work, 'change')}; nothing was changed yet.`;
}
