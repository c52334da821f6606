import { Check } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { formatBytes, formatPercent } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/meter.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { say } from '../../stores/news.ts';
import { textOf } from '../../texts.ts';
import { type PullRow, pullRows } from './model-rows.ts';

/** Downloads: progress and cancel while they run, then how they ended. */
export function PullList({ runners }: { runners: readonly RunnerView[] }) {
  const rows = pullRows(runners);
  if (rows.length === 0) return null;
  return (
    <Section title="Downloads" className="mb-6">
      <ul className={`${cardClass} divide-y divide-line`}>
        {rows.map((row) => (
          <Row key={row.key} row={row} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ row: { pull, nodeId, runner } }: { row: PullRow }) {
  const { busy, run } = useAction();
  const { name, state, doneBytes, totalBytes, problem } = pull;
  const share = totalBytes === null || totalBytes === 0 ? null : doneBytes / totalBytes;
  const amount =
    totalBytes === null ? formatBytes(doneBytes) : `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  const before = useRef(state);
  useEffect(() => {
    if (before.current === 'running' && state === 'done') say(`${name} downloaded to ${runner}.`);
    if (before.current === 'running' && state === 'failed') say(`${name} not downloaded to ${runner}.`);
    before.current = state;
  }, [state, name, runner]);
  const again = () => run(() => client.call('runner.pull', { nodeId, name }));
  return (
    <li className="grid gap-2 px-4 py-3 text-[0.8125rem]">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p className="min-w-0 flex-1 basis-48">
          <span className="font-medium break-words">{name}</span>
          <span className="text-faint"> · to {runner}</span>
        </p>
        {state === 'running' && (
          <>
            <span className="text-soft">
              {amount}
              {share !== null && ` · ${formatPercent(share)}`}
            </span>
            <Button
              size="small"
              busy={busy}
              onClick={() => run(() => client.call('runner.cancelPull', { nodeId, name }))}
            >
              Cancel<span className="sr-only"> the download of {name}</span>
            </Button>
          </>
        )}
        {state === 'done' && (
          <span className="inline-flex items-center gap-1.5 text-soft">
            <Check size={14} aria-hidden="true" className="text-flame" /> Downloaded and verified
          </span>
        )}
        {state === 'cancelled' && (
          <>
            <span className="text-soft">Cancelled. What was downloaded is kept.</span>
            <Button size="small" busy={busy} onClick={again}>
              Resume<span className="sr-only"> the download of {name}</span>
            </Button>
          </>
        )}
      </div>
      {state === 'running' && <Progress value={share} label={`Download of ${name}`} valueText={amount} />}
      {state === 'failed' && problem && (
        <Problem message={textOf(problem.message)} next={textOf(problem.next)} code={problem.code} compact>
          <Button size="small" busy={busy} onClick={again}>
            Resume<span className="sr-only"> the download of {name}</span>
          </Button>
        </Problem>
      )}
    </li>
  );
}
