import { CircleDashed, LoaderCircle, Minus, Check as Tick, TriangleAlert } from 'lucide-react';
import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { useAction } from '../../components/use-action.ts';
import { textOf } from '../../texts.ts';
import { outcomeText, stepLabels } from './check-text.ts';

const marks: Record<CheckStep['state'], { Icon: typeof Tick; colour: string }> = {
  waiting: { Icon: CircleDashed, colour: 'text-cold' },
  running: { Icon: LoaderCircle, colour: 'text-ember breathing' },
  pass: { Icon: Tick, colour: 'text-flame' },
  fail: { Icon: TriangleAlert, colour: 'text-trouble' },
  'not-applicable': { Icon: Minus, colour: 'text-cold' },
};

/** The numbered steps of a check: what was observed, and the fix for each that failed. */
export function CheckSteps({ check }: { check: Check }) {
  const text = outcomeText(check);
  return (
    <div className="grid gap-2">
      <ol
        className="grid gap-2"
        aria-label={check.kind === 'diagnosis' ? 'Diagnosis steps' : 'Rehearsal steps'}
      >
        {check.steps.map((step, index) => (
          <Step key={step.id} step={step} number={index + 1} />
        ))}
      </ol>
      <LiveRegion message={text} everyMs={3000} />
    </div>
  );
}

function Step({ step, number }: { step: CheckStep; number: number }) {
  const { Icon, colour } = marks[step.state];
  const quiet = step.state === 'waiting' || step.state === 'not-applicable';
  return (
    <li
      aria-current={step.state === 'running' ? 'step' : undefined}
      className={`flex items-start gap-2.5 text-[0.8125rem] ${quiet ? 'text-faint' : ''}`}
    >
      <Icon size={16} className={`mt-0.5 shrink-0 ${colour}`} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap justify-between gap-x-3">
          <span className={quiet ? '' : 'font-medium'}>
            {number}. {textOf(step.title)}
          </span>
          <span
            className={`text-xs ${step.state === 'fail' ? 'font-medium text-trouble-text' : 'text-faint'}`}
          >
            {stepLabels[step.state]}
          </span>
        </p>
        {step.seen && <p className="break-words text-soft">{textOf(step.seen)}</p>}
        {step.fix && (
          <p className="mt-1 rounded-md border border-trouble-line bg-trouble-wash px-2.5 py-1.5 break-words">
            {textOf(step.fix)}
          </p>
        )}
      </div>
    </li>
  );
}

/** Cancels a running check. */
export function CancelCheck({ check }: { check: Check }) {
  const { busy, run } = useAction();
  return (
    <Button
      size="small"
      busy={busy}
      onClick={() => run(() => client.call('checks.cancel', { checkId: check.id }))}
    >
      Cancel
    </Button>
  );
}
