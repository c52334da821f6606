import {
  Check,
  CircleDashed,
  CircleSlash,
  type LucideIcon,
  TrendingDown,
  TriangleAlert,
  X,
} from 'lucide-react';
import type { RunnerRung } from '../../../shared/models/runner.ts';
import { providerNames } from '../../../shared/text/provider-names.ts';
import { formatPercent } from '../../../shared/units.ts';
import { textOrEmpty } from '../../texts.ts';
import { rungLabel, rungTime, speedText } from './runner-text.ts';

const icons: Readonly<Record<RunnerRung['state'], { Icon: LucideIcon; className: string }>> = {
  used: { Icon: Check, className: 'text-flame' },
  slower: { Icon: TrendingDown, className: 'text-amber' },
  wrong: { Icon: X, className: 'text-trouble' },
  failed: { Icon: TriangleAlert, className: 'text-trouble' },
  absent: { Icon: CircleSlash, className: 'text-cold' },
  untried: { Icon: CircleDashed, className: 'text-cold' },
};

/** What was tried to run a model, best first: the result, its time beside the CPU's, and why it is not used. */
export function Ladder({ ladder, label }: { ladder: readonly RunnerRung[]; label: string }) {
  const slowest = Math.max(...ladder.flatMap(({ ms, cpuMs }) => [ms ?? 0, cpuMs ?? 0]), 0);
  return (
    <ol aria-label={label} className="grid gap-2.5">
      {ladder.map((rung) => (
        <Rung key={rung.provider} rung={rung} slowest={slowest} />
      ))}
    </ol>
  );
}

function Rung({ rung, slowest }: { rung: RunnerRung; slowest: number }) {
  const { provider, state, ms, cpuMs, share } = rung;
  const { Icon, className } = icons[state];
  const time = rungTime(ms);
  const about = [
    state === 'used' ? speedText(rung) : null,
    share === null || state !== 'used' || provider === 'cpu'
      ? null
      : `ran ${formatPercent(share)} of the graph`,
    // Its times are there already.
    state === 'slower' && ms !== null && cpuMs !== null ? '' : textOrEmpty(rung.reason),
  ]
    .filter(Boolean)
    .join(' · ');
  const quiet = state === 'absent' || state === 'untried';
  return (
    <li className="text-[0.8125rem]">
      <div className="flex items-baseline gap-2">
        <Icon size={14} aria-hidden="true" className={`shrink-0 self-center ${className}`} />
        <span className={`font-medium ${quiet ? 'text-soft' : ''}`}>{providerNames[provider]}</span>
        <span
          className={`min-w-0 ${state === 'wrong' || state === 'failed' ? 'text-trouble-text' : 'text-soft'}`}
        >
          {rungLabel(rung)}
        </span>
        <span className="ml-auto text-right whitespace-nowrap">
          {time !== null && <span className={quiet ? 'text-soft' : 'font-medium'}>{time}</span>}
          {provider !== 'cpu' && cpuMs !== null && time !== null && (
            <span className="text-faint"> · CPU {rungTime(cpuMs)}</span>
          )}
        </span>
      </div>
      {ms !== null && slowest > 0 && (
        <div aria-hidden="true" className="mt-1 ml-[1.375rem] h-1 rounded-full bg-sunken">
          <div
            className={`h-full min-w-0.5 rounded-full ${state === 'used' ? 'bg-flame-fill' : 'bg-cold'}`}
            style={{ width: `${(ms / slowest) * 100}%` }}
          />
        </div>
      )}
      {about !== '' && <p className="mt-0.5 ml-[1.375rem] text-xs break-words text-faint">{about}</p>}
    </li>
  );
}
