import { useState } from 'react';
import type { IndexJob, JobStatus } from '../../../shared/models/indexing.ts';
import { formatCount, formatDuration, plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { jobName } from '../../texts.ts';
import { runHref } from '../shell/route.ts';
import { statusLabels } from './job-text.ts';

const first = 8;
/** The stream includes this many runs; older ones are fetched. */
const streamed = 20;
const most = 100;

const marks: Record<JobStatus, string> = {
  pending: 'border border-ember',
  running: 'bg-ember',
  paused: 'border border-ember',
  completed: 'bg-flame',
  failed: 'bg-trouble rotate-45 rounded-none',
  cancelled: 'border border-line-strong',
};

/** All runs, newest first; each opens its proof card. */
export function RunList({ jobs, shown }: { jobs: readonly IndexJob[]; shown: string | null }) {
  const [all, setAll] = useState(false);
  const [older, setOlder] = useState<readonly IndexJob[]>([]);
  const { busy, run } = useAction();
  const known = new Set(jobs.map((job) => job.id));
  const list = all ? [...jobs, ...older.filter((job) => !known.has(job.id))] : jobs.slice(0, first);

  function showAll(): void {
    setAll(true);
    if (jobs.length < streamed) return;
    void run(async () => setOlder(await client.call('index.jobs', { limit: most })));
  }

  return (
    <section aria-label="Runs" className="mt-4">
      <h3 className="mb-1 text-xs font-medium text-faint">Runs</h3>
      <ul className={all ? 'max-h-[32rem] overflow-y-auto' : ''}>
        {list.map((job) => (
          <li key={job.id}>
            <a
              href={runHref(job.id)}
              aria-current={job.id === shown ? 'true' : undefined}
              className="block rounded-lg px-2 py-1.5 text-[0.8125rem] hover:bg-raised aria-[current]:bg-raised"
            >
              <span className="flex items-center gap-2">
                <span aria-hidden="true" className={`size-2 shrink-0 rounded-full ${marks[job.status]}`} />
                <span className="min-w-0 flex-1 truncate">{jobName(job)}</span>
                <span className="shrink-0 text-xs text-faint">
                  <Ago at={job.endedAt ?? job.createdAt} />
                </span>
              </span>
              <span className="block truncate pl-4 text-xs text-faint">
                {statusLabels[job.status]} · {resultText(job)}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {!all && jobs.length > first && (
        <Button size="small" tone="quiet" className="mt-1" busy={busy} onClick={showAll}>
          Show all runs
        </Button>
      )}
    </section>
  );
}

function resultText(job: IndexJob): string {
  const took =
    job.startedAt !== null && job.endedAt !== null
      ? ` in ${formatDuration(job.endedAt - job.startedAt)}`
      : '';
  const failed = job.files.failed > 0 ? `, ${plural(job.files.failed, 'file')} failed` : '';
  return `${formatCount(job.vectors)} vectors${took}${failed}`;
}
