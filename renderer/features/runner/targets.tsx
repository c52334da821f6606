import { Check, Minus, TriangleAlert } from 'lucide-react';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { targetLabels, targetTexts } from './runner-text.ts';

const icons = {
  met: { Icon: Check, className: 'text-flame' },
  missed: { Icon: TriangleAlert, className: 'text-trouble' },
  unmeasured: { Icon: Minus, className: 'text-cold' },
} as const;

/** The four targets over the last hour: value, goal, and whether it is met. */
export function Targets({ client }: { client: RunnerView['client'] }) {
  return (
    <dl
      aria-label="Targets"
      className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line"
    >
      {targetTexts(client).map(({ name, value, goal, state }) => {
        const { Icon, className } = icons[state];
        return (
          <div key={name} className="min-w-0 bg-surface px-3 py-2">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="flex flex-wrap items-baseline gap-x-2">
              <span className={`font-semibold ${state === 'unmeasured' ? 'text-faint' : ''}`}>{value}</span>
              <span className="inline-flex items-center gap-1 text-xs whitespace-nowrap text-soft">
                <Icon size={12} aria-hidden="true" className={`shrink-0 ${className}`} />
                <span className={state === 'missed' ? 'text-trouble-text' : ''}>{targetLabels[state]}</span>
              </span>
              <span className="w-full text-2xs text-faint">goal: {goal}</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
