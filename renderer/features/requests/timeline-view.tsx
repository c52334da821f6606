import { ChevronRight } from 'lucide-react';
import type { RequestView } from '../../../shared/models/requests.ts';
import { formatDuration } from '../../../shared/units.ts';
import { useNow } from '../../components/now.ts';
import { isOver } from './filter.ts';
import { partLabels, stepText } from './request-text.ts';
import { type PartKind, sumsOf, timelineOf } from './timeline.ts';

const colours: Record<PartKind, string> = {
  gateway: 'var(--cold)',
  waking: 'var(--ember)',
  queued: 'var(--series-4)',
  sent: 'var(--series-1)',
  loading: 'var(--series-3)',
  answering: 'var(--flame)',
  lost: 'var(--trouble)',
};

/** A request's way through the gateway to scale, and its steps as a list. */
export function TimelineView({
  request,
  nodeName,
}: {
  request: RequestView;
  nodeName(nodeId: string): string;
}) {
  const now = useNow();
  const timeline = timelineOf(request, Math.max(now, request.at));
  const sums = sumsOf(timeline);
  const total = Math.max(1, timeline.totalMs);
  const label = sums.map(({ kind, ms }) => `${partLabels[kind]} ${formatDuration(ms)}`).join(', ');
  return (
    <>
      <div
        role="img"
        aria-label={label || 'Just arrived'}
        className="flex h-4 w-full overflow-hidden rounded bg-sunken ring-1 ring-line ring-inset"
      >
        {timeline.parts.map((part) => (
          <div
            key={part.fromMs}
            title={`${partLabels[part.kind]}: ${formatDuration(part.toMs - part.fromMs)}`}
            className="h-full min-w-px"
            style={{ width: `${((part.toMs - part.fromMs) / total) * 100}%`, background: colours[part.kind] }}
          />
        ))}
      </div>
      <div className="mt-1 flex justify-between text-2xs text-faint" aria-hidden="true">
        <span>0</span>
        <span>
          {formatDuration(timeline.totalMs)}
          {isOver(request) ? '' : ' so far'}
        </span>
      </div>
      <ul className="mt-2 grid gap-1 text-[0.8125rem]">
        {sums.map(({ kind, ms }) => (
          <li key={kind} className="flex items-center gap-2">
            <span
              aria-hidden="true"
              className="size-2.5 shrink-0 rounded-[3px]"
              style={{ background: colours[kind] }}
            />
            <span className="min-w-0 flex-1 text-soft">{partLabels[kind]}</span>
            <span className="font-medium">{formatDuration(ms)}</span>
          </li>
        ))}
      </ul>
      <details className="group mt-3 text-[0.8125rem]">
        <summary className="-mx-1 inline-flex items-center gap-1 rounded px-1 text-soft hover:text-text">
          <ChevronRight size={14} aria-hidden="true" className="transition-transform group-open:rotate-90" />
          Each step
        </summary>
        <ol className="mt-2 grid gap-1.5 border-l border-line-strong pl-3">
          {request.steps.map((step) => (
            <li key={`${step.kind} ${step.afterMs} ${step.nodeId}`} className="flex gap-3">
              <span className="w-20 shrink-0 text-faint">+{formatDuration(step.afterMs)}</span>
              <span className="min-w-0 break-words">
                {stepText(step, step.nodeId === null ? null : nodeName(step.nodeId))}
                {step.code !== null && (
                  <span className="block font-mono text-2xs text-faint">{step.code}</span>
                )}
              </span>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}
