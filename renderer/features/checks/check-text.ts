/** Texts for checks. Pure. */
import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import { textOf } from '../../texts.ts';

export const stepLabels: Record<CheckStep['state'], string> = {
  waiting: 'pending',
  running: 'running',
  pass: 'passed',
  fail: 'failed',
  'not-applicable': 'not applicable',
};

/** The outcome of a check in one sentence. */
export function outcomeText(check: Check): string {
  const count = (state: CheckStep['state']) => check.steps.filter((step) => step.state === state).length;
  const failed = count('fail');
  switch (check.outcome) {
    case 'running': {
      const at = check.steps.findIndex((step) => step.state === 'running');
      const step = check.steps[at];
      return step ? `Step ${at + 1} of ${check.steps.length}: ${textOf(step.title)}` : 'Starting';
    }
    case 'cancelled':
      return 'Cancelled';
    case 'pass':
      return check.kind === 'diagnosis' ? 'All checks passed' : 'Sleep and wake both work';
    case 'fail':
      return failed === 1 ? '1 step failed' : `${failed} steps failed`;
  }
}

/** The whole check as plain text, to share when asking for help. */
export function checkText(check: Check, name: string): string {
  const title = check.kind === 'diagnosis' ? 'Diagnosis' : 'Rehearsal';
  const lines = check.steps.flatMap((step, index) => [
    `${index + 1}. ${textOf(step.title)}: ${stepLabels[step.state]}`,
    ...(step.seen ? [`   ${textOf(step.seen)}`] : []),
    ...(step.fix ? [`   Fix: ${textOf(step.fix)}`] : []),
  ]);
  return [
    `${title} of ${name}, ${new Date(check.startedAt).toISOString()}: ${outcomeText(check)}`,
    ...lines,
  ].join('\n');
}
