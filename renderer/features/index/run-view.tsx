import type { IndexJob } from '../../../shared/models/indexing.ts';
import { formatCount, formatEta, formatPercent, formatRate } from '../../../shared/units.ts';
import { Legend } from '../../charts/chart-parts.tsx';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { formatElapsed } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { jobName, jobRate, textOf, textOrEmpty } from '../../texts.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { EventList } from './event-list.tsx';
import { Failures } from './failures.tsx';
import { jobProgress, phaseLabels, statusLabels } from './job-text.ts';
import { placementNames, type rateLayers } from './rate-layers.ts';
import { RunChart } from './run-chart.tsx';
import { RunWaiting, useRunWait } from './run-waiting.tsx';
import { useRates } from './use-rates.ts';

/** A run in progress: progress, rate by machine, events and failures. */
export function RunView({ job }: { job: IndexJob }) {
  return (
    <div className={`${cardClass} min-w-0 p-4 sm:p-6`}>
      <RunHead job={job} />
      <Counts job={job} />
      <Rates job={job} />
      {job.error && (
        <div className="mt-4">
          <Problem message={job.error.message} next={job.error.next} code={job.error.code} />
        </div>
      )}
      <EventList job={job} />
      <Failures job={job} />
    </div>
  );
}

function RunHead({ job }: { job: IndexJob }) {
  const { busy, run } = useAction();
  const now = useNow();
  const { files, share } = jobProgress(job);
  const eta = job.etaMs !== null ? formatEta(job.etaMs) : '';
  const paused = job.status === 'paused';
  // The time of a paused run stands still.
  const until = paused ? (job.phaseSince ?? now) : now;
  const tookMs = job.startedAt === null ? null : Math.max(0, until - job.startedAt);
  const wait = useRunWait(job);
  const phase = paused ? statusLabels.paused : phaseLabels[job.phase];
  return (
    <>
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="font-semibold break-words">
            {jobName(job)}
            <span className="font-normal text-soft"> · {phase}</span>
          </p>
          <p className="min-h-5 text-[0.8125rem] break-words text-soft">{textOf(job.detail)}</p>
        </div>
        {job.status !== 'pending' && (
          <Button
            size="small"
            busy={busy}
            onClick={() => run(() => client.call(paused ? 'index.resume' : 'index.pause', { jobId: job.id }))}
          >
            {paused ? 'Resume' : 'Pause'}
          </Button>
        )}
        <Button
          size="small"
          aria-haspopup="dialog"
          onClick={() => openDialog({ dialog: 'cancel-run', jobId: job.id })}
        >
          Cancel…
        </Button>
      </div>
      <div className="min-h-32">
        {wait !== null ? (
          <RunWaiting job={job} wait={wait} />
        ) : (
          <>
            <div className="mt-4 mb-2 flex items-baseline gap-3">
              <span className="text-4xl leading-none font-semibold tracking-tight">
                {share === null ? '…' : formatPercent(Math.floor(share * 100) / 100)}
              </span>
              <span className="text-soft">{eta}</span>
              <span className="ml-auto text-right text-[0.8125rem] text-faint">
                {tookMs !== null && formatElapsed(tookMs)}
              </span>
            </div>
            <Progress
              value={share}
              label={`Index ${jobName(job)}`}
              valueText={`${formatCount(files)} of ${formatCount(job.files.total)} files ${eta}`}
              className="h-3"
            />
            <p className="mt-2 h-5 truncate font-mono text-xs text-faint" title={job.currentFile}>
              {job.currentFile}
            </p>
          </>
        )}
      </div>
    </>
  );
}

function Counts({ job }: { job: IndexJob }) {
  const { files } = job;
  const counts = [
    { name: 'files', value: files.total },
    { name: 'indexed', value: files.done },
    { name: 'unchanged', value: files.unchanged },
    { name: 'skipped', value: files.skipped },
    { name: 'ignored', value: files.ignored ?? 0, hide: files.ignored === undefined },
    { name: 'failed', value: files.failed, bad: files.failed > 0 },
    { name: 'removed', value: files.removed },
    { name: 'vectors', value: job.vectors },
    { name: 'on fallback CPU', value: job.fallbackVectors, hide: job.fallbackVectors === 0 },
  ];
  return (
    <dl className="mt-2 grid grid-cols-[repeat(auto-fit,minmax(3.75rem,1fr))] gap-x-3 gap-y-2 border-y border-line py-3">
      {counts.map(({ name, value, bad, hide }) =>
        hide ? null : (
          <div key={name} className="flex flex-col-reverse justify-end">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className={`text-base font-medium ${bad ? 'text-trouble-text' : ''}`}>
              {formatCount(value)}
            </dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Rates({ job }: { job: IndexJob }) {
  const { points, layers } = useRates(job);
  const now = useNow();
  // The time of a paused run stands still.
  const end = job.status === 'paused' ? (job.phaseSince ?? now) : now;
  return (
    <div className="mt-4">
      <RunChart
        {...{ job, points, layers, end }}
        hasLegend={false}
        head={
          <>
            <span className="flex items-baseline gap-3">
              <h3 className="font-medium">Vectors per second</h3>
              <span className="text-soft">{jobRate(job)}</span>
            </span>
            <span className="block min-h-4 text-xs text-faint">{textOrEmpty(job.limitedBy)}</span>
          </>
        }
      />
      <div className="mt-2">
        {job.nodes.length === 0 ? <Legend series={[]} /> : <Shares job={job} layers={layers} />}
      </div>
    </div>
  );
}

function Shares({ job, layers }: { job: IndexJob; layers: ReturnType<typeof rateLayers> }) {
  const total = Math.max(
    1,
    job.nodes.reduce((sum, share) => sum + share.vectors, 0),
  );
  return (
    <ul className="grid gap-1 text-[0.8125rem]" aria-label="Work by machine">
      {layers.map((layer) => {
        const share = job.nodes.find((other) => `${other.nodeId}|${other.placement}` === layer.key);
        if (!share) return null;
        return (
          <li key={layer.key} className="flex items-center gap-2">
            <span
              aria-hidden="true"
              className="size-2 shrink-0 rounded-[2px]"
              style={{ background: layer.colour }}
            />
            <span className="min-w-0 truncate" title={share.name}>
              {share.name}
            </span>
            <span className="shrink-0 text-soft">{placementNames[share.placement]}</span>
            <span className="ml-auto shrink-0 text-soft">
              {share.vectorsPerSecond > 0 ? `${formatRate(share.vectorsPerSecond, 'vec')} · ` : ''}
              {formatCount(share.vectors)} vectors
            </span>
            <span className="w-10 shrink-0 text-right font-medium">
              {formatPercent(share.vectors / total)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
