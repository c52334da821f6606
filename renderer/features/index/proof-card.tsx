import { Check, CircleSlash, Copy, Printer, TriangleAlert } from 'lucide-react';
import { useMemo } from 'react';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { formatCount, formatDuration, formatPercent, formatRate } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { FlameMark, PlacementGlyph } from '../../components/glyphs.tsx';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { addToast, toastDone } from '../../stores/toasts.ts';
import { jobName, textOf } from '../../texts.ts';
import { EventList } from './event-list.tsx';
import { Failures } from './failures.tsx';
import { statusLabels } from './job-text.ts';
import { type Proof, type ProofPart, proofOf } from './proof.ts';
import {
  everyLeftOut,
  formatDate,
  formatInto,
  formatTime,
  leftOutByReason,
  proofText,
} from './proof-text.ts';
import { placementNames, wholeRun } from './rate-layers.ts';
import { RunChart } from './run-chart.tsx';
import { useRates } from './use-rates.ts';

/** A summary of a finished run, to show and share. Prints on its own page. */
export function ProofCard({ job }: { job: IndexJob }) {
  const proof = useMemo(() => proofOf(job), [job]);
  return (
    <article
      data-print
      aria-label={`Proof card of ${jobName(job)}`}
      className={`${cardClass} min-w-0 p-4 sm:p-6`}
    >
      <Head job={job} proof={proof} />
      <Figures job={job} proof={proof} />
      {job.limitedBy && <p className="mt-3 text-[0.8125rem] text-soft">{textOf(job.limitedBy)}</p>}
      {job.error && (
        <div className="mt-4">
          <Problem message={job.error.message} next={job.error.next} code={job.error.code} />
        </div>
      )}
      <Work proof={proof} />
      <Rates job={job} />
      <Time job={job} proof={proof} />
      <Falls job={job} proof={proof} />
      <EventList job={job} />
      <Files job={job} />
    </article>
  );
}

const statusIcons = { completed: Check, failed: TriangleAlert, cancelled: CircleSlash } as const;

function Head({ job, proof }: { job: IndexJob; proof: Proof }) {
  const Icon = statusIcons[job.status as keyof typeof statusIcons] ?? Check;
  function copy(): void {
    const text = proofText(job, proof);
    navigator.clipboard.writeText(text).then(
      () => toastDone('Proof copied as text'),
      () =>
        addToast({
          tone: 'error',
          message: 'The browser blocked copying.',
          next: 'Print it instead, or allow this page to use the clipboard.',
        }),
    );
  }
  return (
    <header>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <p className="flex min-w-0 flex-1 basis-44 items-center gap-2 text-[0.8125rem] text-soft">
          <FlameMark size={16} />
          <span className="min-w-0 truncate font-medium text-text" title={jobName(job)}>
            {jobName(job)}
          </span>
          <span className="flex shrink-0 items-center gap-1">
            <Icon
              size={14}
              aria-hidden="true"
              className={job.status === 'failed' ? 'text-trouble' : 'text-flame'}
            />
            {statusLabels[job.status]}
          </span>
        </p>
        <div className="flex gap-2 print:hidden">
          <Button size="small" onClick={copy}>
            <Copy size={14} aria-hidden="true" /> Copy as text
          </Button>
          <Button size="icon" tone="quiet" aria-label="Print proof card" onClick={() => print()}>
            <Printer size={16} aria-hidden="true" />
          </Button>
        </div>
      </div>
      <h3 className="mt-4 text-xl leading-7 font-semibold tracking-tight text-balance">{proof.verdict}</h3>
      {job.startedAt !== null && job.endedAt !== null && (
        <p className="mt-1 text-xs text-faint">
          {formatDate(job.startedAt)}, {formatTime(job.startedAt)} to {formatTime(job.endedAt)} ·{' '}
          <Ago at={job.endedAt} />
          {job.resumed && ' · resumed after Pilotlight restarted, so the time includes that pause'}
        </p>
      )}
    </header>
  );
}

function Figures({ job, proof }: { job: IndexJob; proof: Proof }) {
  const figures = [
    { name: 'vectors', value: formatCount(job.vectors) },
    { name: 'total time', value: proof.tookMs === null ? '–' : formatDuration(proof.tookMs) },
    {
      name: 'average',
      value: proof.vectorsPerSecond === null ? '–' : formatRate(proof.vectorsPerSecond, 'vec'),
    },
    { name: 'on a GPU', value: proof.gpuShare === null ? '–' : formatPercent(floor(proof.gpuShare)) },
  ];
  return (
    <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-3 border-y border-line py-4 sm:grid-cols-4">
      {figures.map(({ name, value }) => (
        <div key={name} className="flex flex-col-reverse justify-end">
          <dt className="text-xs text-faint">{name}</dt>
          <dd className="text-lg leading-6 font-semibold tracking-tight">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Never rounds up to 100%: 99.6% is not all. */
const floor = (share: number) => (share < 1 ? Math.min(0.99, share) : 1);

const barColours = {
  gpu: 'bg-flame-fill',
  partial: 'bg-amber',
  cpu: 'bg-(--series-1)',
  builtin: 'bg-(--series-2)',
} as const;

function Work({ proof }: { proof: Proof }) {
  if (proof.shares.length === 0) return null;
  return (
    <section className="mt-5">
      <h4 className="mb-2 text-[0.8125rem] font-medium">Work by machine</h4>
      <ul className="grid gap-2.5 text-[0.8125rem]" aria-label="Work by machine">
        {proof.shares.map((share) => (
          <li key={share.key}>
            <div className="flex items-center gap-2">
              <PlacementGlyph at={share.placement === 'builtin' ? 'disk' : share.placement} size={15} />
              <span className="min-w-0 truncate font-medium" title={share.name}>
                {share.name}
              </span>
              <span className="shrink-0 text-soft">{placementNames[share.placement]}</span>
              <span className="ml-auto shrink-0 text-soft">{formatCount(share.vectors)} vectors</span>
              <span className="w-10 shrink-0 text-right font-semibold">
                {formatPercent(floor(share.share))}
              </span>
            </div>
            <div aria-hidden="true" className="mt-1 h-2 overflow-hidden rounded-full bg-sunken">
              <div
                className={`h-full min-w-1 rounded-full [print-color-adjust:exact] ${barColours[share.placement]}`}
                style={{ width: `${share.share * 100}%` }}
              />
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The rate over the run, as far as this panel or the core’s last hour covers it. */
function Rates({ job }: { job: IndexJob }) {
  const { points: known, layers } = useRates(job);
  const points = useMemo(() => wholeRun(known, job), [known, job]);
  if (points.length === 0 || layers.length === 0) return null;
  return (
    <section className="mt-5">
      <RunChart
        {...{ job, points, layers }}
        end={job.endedAt ?? points.at(-1)?.at ?? 0}
        hasLegend
        head={<h4 className="font-medium">Vectors per second</h4>}
      />
    </section>
  );
}

const partColours: Record<ProofPart['kind'], string> = {
  queue: 'bg-line-strong',
  wake: 'bg-ember',
  place: 'bg-amber',
  work: 'bg-flame-fill',
};

function Time({ job, proof }: { job: IndexJob; proof: Proof }) {
  const total = proof.parts.reduce((sum, part) => sum + part.ms, 0);
  if (proof.parts.length < 2 || job.startedAt === null) return null;
  return (
    <section className="mt-5">
      <h4 className="mb-2 text-[0.8125rem] font-medium">Where the time went</h4>
      <div aria-hidden="true" className="flex h-2.5 gap-px overflow-hidden rounded-full bg-sunken">
        {proof.parts.map((part) => (
          <div
            key={part.kind}
            className={`h-full min-w-1 [print-color-adjust:exact] ${partColours[part.kind]}`}
            style={{ width: `${(part.ms / total) * 100}%` }}
          />
        ))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-[0.8125rem]">
        {proof.parts.map((part) => (
          <li key={part.kind} className="flex items-center gap-1.5 text-soft">
            <span aria-hidden="true" className={`size-2 rounded-[2px] ${partColours[part.kind]}`} />
            {part.label} <span className="font-medium text-text">{formatDuration(part.ms)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Falls({ job, proof }: { job: IndexJob; proof: Proof }) {
  if (proof.falls.length === 0) return null;
  return (
    <section className="mt-5">
      <h4 className="mb-2 text-[0.8125rem] font-medium">Without the GPU</h4>
      <ul className="grid gap-2 text-[0.8125rem]">
        {proof.falls.map((fall) => {
          const end = fall.to ?? job.endedAt ?? fall.from;
          return (
            <li key={fall.from} className="rounded-lg border border-line bg-ground px-3 py-2">
              <p className="font-medium">
                {fall.kind === 'fell-back' ? 'On the CPU' : 'Waited'} for {formatDuration(end - fall.from)}
                <span className="font-normal text-soft">
                  , {formatTime(fall.from)} to {fall.to === null ? 'the end' : formatTime(fall.to)}
                  {job.startedAt !== null && ` (${formatInto(fall.from - job.startedAt)} into the run)`}
                </span>
              </p>
              <p className="mt-0.5 break-words text-soft">{fall.why}</p>
            </li>
          );
        })}
      </ul>
      {job.fallbackVectors > 0 && (
        <p className="mt-1.5 text-xs text-faint">
          {formatCount(job.fallbackVectors)} vectors were computed on a CPU because the GPU was unreachable.
          The model is the same, so the index is consistent.
        </p>
      )}
    </section>
  );
}

function Files({ job }: { job: IndexJob }) {
  const { files } = job;
  const counts = [
    { name: 'files', value: files.total },
    { name: 'indexed', value: files.done },
    { name: 'unchanged', value: files.unchanged },
    { name: 'removed', value: files.removed },
    { name: 'skipped', value: files.skipped },
    { name: 'failed', value: files.failed },
  ];
  const reasons = leftOutByReason(everyLeftOut(job));
  return (
    <section className="mt-5">
      <h4 className="mb-2 text-[0.8125rem] font-medium">Files</h4>
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(4.25rem,1fr))] gap-x-3 gap-y-2">
        {counts.map(({ name, value }) => (
          <div key={name} className="flex flex-col-reverse justify-end">
            <dt className="text-xs text-faint">{name}</dt>
            <dd
              className={`text-base font-medium ${name === 'failed' && value > 0 ? 'text-trouble-text' : ''}`}
            >
              {formatCount(value)}
            </dd>
          </div>
        ))}
      </dl>
      {reasons.length > 0 && (
        <ul className="mt-3 grid gap-1 text-[0.8125rem] text-soft">
          {reasons.slice(0, 5).map((one) => (
            <li key={`${one.code}${one.reason}`} className="flex gap-2">
              <span className="shrink-0 font-medium text-text">{formatCount(one.count)} ×</span>
              <span className="min-w-0 break-words">{one.reason}</span>
            </li>
          ))}
        </ul>
      )}
      <Failures job={job} />
    </section>
  );
}
