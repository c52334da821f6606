import { Flame, Info, PauseCircle, TrendingDown, TrendingUp, Zap } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import type { IndexJob, JobEvent } from '../../../shared/models/indexing.ts';
import { formatCount, formatDuration, formatEta, formatPercent, formatRate } from '../../../shared/units.ts';
import { Legend } from '../../charts/chart-parts.tsx';
import { RateChart } from '../../charts/rate-chart.tsx';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { isActive, useJobRates } from '../../stores/jobs.ts';
import { emptyRate } from '../../stores/rate.ts';
import { seedWork, useWork } from '../../stores/work.ts';
import { jobProgress, phaseWords, statusWords } from './job-words.ts';
import { placementNames, rateLayers, withRemembered } from './rate-layers.ts';

/** One run: how far, how fast and on what, what happened, what failed; its balance when it has ended. */
export function RunView({ job }: { job: IndexJob }) {
  const active = isActive(job);
  return (
    <div className={`${cardClass} min-w-0 p-4 sm:p-6`}>
      <RunHead job={job} active={active} />
      <Counts job={job} />
      <Rates job={job} active={active} />
      {job.error && (
        <div className="mt-4">
          <Problem message={job.error.message} next={job.error.next} code={job.error.code} />
        </div>
      )}
      <Events events={job.events} />
      <Failures job={job} />
    </div>
  );
}

function RunHead({ job, active }: { job: IndexJob; active: boolean }) {
  const { busy, run } = useAction();
  const now = useNow();
  const { files, share } = jobProgress(job);
  const eta = active && job.etaMs !== null ? formatEta(job.etaMs) : '';
  const tookMs = job.startedAt === null ? null : (job.endedAt ?? now) - job.startedAt;
  const phase = active ? phaseWords[job.phase] : statusWords[job.status];
  return (
    <>
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <p className="font-semibold break-words">
            {job.label}
            <span className="font-normal text-soft"> · {phase}</span>
          </p>
          <p className="min-h-5 text-[0.8125rem] break-words text-soft">{job.detail}</p>
        </div>
        {active && (
          <Button
            size="small"
            busy={busy}
            onClick={() =>
              run(
                () => client.call('index.cancel', { jobId: job.id }),
                'It was cancelled; what it committed stays.',
              )
            }
          >
            Cancel
          </Button>
        )}
      </div>
      <div className="mt-4 mb-2 flex items-baseline gap-3">
        <span className="text-4xl leading-none font-semibold tracking-tight">
          {share === null ? '…' : formatPercent(Math.floor(share * 100) / 100)}
        </span>
        <span className="text-soft">{eta}</span>
        <span className="ml-auto text-right text-[0.8125rem] text-faint">
          {tookMs !== null && formatDuration(Math.max(0, active ? Math.floor(tookMs / 1000) * 1000 : tookMs))}
          {!active && job.endedAt !== null && (
            <>
              {' '}
              · <Ago at={job.endedAt} />
            </>
          )}
        </span>
      </div>
      <Progress
        value={share}
        label={`Index ${job.label}`}
        words={`${formatCount(files)} of ${formatCount(job.files.total)} files ${eta}`}
        className="h-3"
      />
      <p className="mt-2 h-5 truncate font-mono text-xs text-faint" title={job.currentFile}>
        {active ? job.currentFile : ''}
      </p>
      {active && (
        <LiveRegion
          words={`${phase}. ${formatCount(files)} of ${formatCount(job.files.total)} files. ${eta}`}
          everyMs={15_000}
        />
      )}
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
    { name: 'failed', value: files.failed, bad: files.failed > 0 },
    { name: 'removed', value: files.removed },
    { name: 'vectors', value: job.vectors },
    { name: 'by fallback', value: job.fallbackVectors, hide: job.fallbackVectors === 0 },
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

function Rates({ job, active }: { job: IndexJob; active: boolean }) {
  const watched = useJobRates((rates) => rates[job.id] ?? emptyRate).points;
  const samples = useWork((state) => state.samples);
  useEffect(() => {
    void seedWork(client);
  }, []);
  const layers = useMemo(() => rateLayers(job), [job]);
  const points = useMemo(() => withRemembered(watched, samples, job), [watched, samples, job]);
  const now = job.nodes.reduce((sum, share) => sum + share.vectorsPerSecond, 0);
  const words = active ? `${formatRate(now, 'vector')} now` : 'over this run';

  return (
    <div className="mt-4">
      <div className="mb-1 flex items-baseline justify-between gap-3 text-[0.8125rem]">
        <h3 className="font-medium">Vectors a second</h3>
        {active && <span className="text-soft">{formatRate(now, 'vec')}</span>}
      </div>
      <RateChart
        points={points}
        layers={layers}
        label={`Vectors a second, ${words}: ${job.nodes.map((share) => `${share.name} on ${placementNames[share.placement]} made ${formatCount(share.vectors)}`).join(', ') || 'none yet'}`}
      />
      <div className="mt-2">
        {job.nodes.length === 0 ? (
          <Legend series={[]} />
        ) : (
          <Shares job={job} layers={layers} active={active} />
        )}
      </div>
    </div>
  );
}

function Shares({
  job,
  layers,
  active,
}: {
  job: IndexJob;
  layers: ReturnType<typeof rateLayers>;
  active: boolean;
}) {
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
              {active && share.vectorsPerSecond > 0 ? `${formatRate(share.vectorsPerSecond, 'vec')} · ` : ''}
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

const eventIcons = {
  woke: Zap,
  placed: Flame,
  'fell-back': TrendingDown,
  recovered: TrendingUp,
  waiting: PauseCircle,
  resumed: TrendingUp,
  note: Info,
} as const;

function Events({ events }: { events: readonly JobEvent[] }) {
  if (events.length === 0) return null;
  return (
    <div className="mt-5">
      <h3 className="mb-1.5 text-[0.8125rem] font-medium">What happened</h3>
      <ol className="grid gap-1.5 text-[0.8125rem]">
        {events.slice(-12).map((event, index) => {
          const Icon = eventIcons[event.kind];
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and are only appended.
            <li key={`${event.at}-${index}`} className="flex items-start gap-2">
              <Icon
                size={14}
                aria-hidden="true"
                className={`mt-0.5 shrink-0 ${event.kind === 'fell-back' ? 'text-cold' : 'text-flame'}`}
              />
              <span className="min-w-0 flex-1 break-words">{event.message}</span>
              <span className="shrink-0 text-xs text-faint">
                <Ago at={event.at} />
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Failures({ job }: { job: IndexJob }) {
  if (job.failures.length === 0) return null;
  const more = job.files.failed + job.files.skipped - job.failures.length;
  return (
    <details className="mt-5 text-[0.8125rem]">
      <summary className="rounded font-medium">
        {formatCount(job.failures.length)} {job.failures.length === 1 ? 'file' : 'files'} left out, with
        reasons
      </summary>
      <ul className="mt-2 max-h-80 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {job.failures.map((failure) => (
          <li key={`${failure.path}${failure.code}`} className="px-3 py-2">
            <p className="font-mono text-xs break-all">{failure.path}</p>
            <p className="mt-0.5 text-soft">
              {failure.reason} <span className="font-mono text-2xs text-faint">{failure.code}</span>
            </p>
          </li>
        ))}
        {more > 0 && <li className="px-3 py-2 text-faint">and {formatCount(more)} more</li>}
      </ul>
    </details>
  );
}
