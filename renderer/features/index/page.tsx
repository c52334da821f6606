import { FolderPlus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Empty, Loading, Page, Section, Skeleton } from '../../components/page.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { isActive, selectActiveJob, selectJobs, useJobs } from '../../stores/jobs.ts';
import { selectSources, useSources } from '../../stores/sources.ts';
import { statusWords } from './job-words.ts';
import { RunView } from './run-view.tsx';
import { SearchPanel } from './search-panel.tsx';
import { SourceDialog } from './source-dialog.tsx';
import { SourceList } from './source-list.tsx';

export function IndexPage() {
  const sourcesState = useSources();
  const sources = useMemo(() => selectSources(sourcesState), [sourcesState]);
  const jobsState = useJobs();
  const jobs = useMemo(() => selectJobs(jobsState), [jobsState]);
  const active = selectActiveJob(jobsState);
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const { busy, run } = useAction();

  const job = (chosen === null ? null : jobs.find(({ id }) => id === chosen)) ?? active ?? jobs[0] ?? null;
  const running = new Set(jobs.filter(isActive).flatMap((one) => one.sourceIds));
  const passages = sources.reduce((sum, source) => sum + source.chunks, 0);

  return (
    <Page
      title="Index"
      summary={sourcesState.ready && `${plural(sources.length, 'folder')} · ${plural(passages, 'passage')}`}
      actions={
        <>
          {sources.length > 1 && (
            <Button
              busy={busy}
              disabled={active !== null}
              onClick={() => {
                setChosen(null);
                void run(() => client.call('index.start', {}));
              }}
            >
              Index all folders
            </Button>
          )}
          <Button tone={sources.length === 0 ? 'primary' : 'plain'} onClick={() => setAdding(true)}>
            <FolderPlus size={16} aria-hidden="true" /> Add a folder
          </Button>
        </>
      }
    >
      {!sourcesState.ready || !jobsState.ready ? (
        <Loading what="the index">
          <div className="grid gap-6 rail:grid-cols-[20rem_1fr]">
            <Skeleton className="h-48" />
            <Skeleton className="h-96" />
          </div>
        </Loading>
      ) : sources.length === 0 && jobs.length === 0 ? (
        <Empty
          title="No folder is indexed yet"
          actions={
            <Button tone="primary" onClick={() => setAdding(true)}>
              Add a folder
            </Button>
          }
        >
          Add one, and Pilotlight reads its text files, embeds them here or on your GPU machine, and lets you
          search them by words and by nearness. The files are never changed.
        </Empty>
      ) : (
        <div className="grid items-start gap-6 rail:grid-cols-[20rem_minmax(0,1fr)] wide:grid-cols-[22rem_minmax(0,1fr)_minmax(0,1fr)]">
          <Section title="Folders" className="rail:row-span-2 wide:row-span-1">
            <SourceList sources={sources} running={running} />
            {jobs.length > 1 && <EarlierRuns jobs={jobs} shown={job?.id ?? null} onChoose={setChosen} />}
          </Section>
          <Section title={job && isActive(job) ? 'Running now' : 'Last run'} className="max-rail:order-first">
            {job ? (
              <RunView key={job.id} job={job} />
            ) : (
              <p className={`${cardClass} px-4 py-8 text-center text-soft`}>
                Nothing has run yet. Index a folder, and its progress stands here.
              </p>
            )}
          </Section>
          <Section title="Search">
            <SearchPanel sources={sources} />
          </Section>
        </div>
      )}
      {adding && <SourceDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

function EarlierRuns({
  jobs,
  shown,
  onChoose,
}: {
  jobs: ReturnType<typeof selectJobs>;
  shown: string | null;
  onChoose(id: string): void;
}) {
  return (
    <div className="mt-4">
      <h3 className="mb-1 text-xs font-medium text-faint">Runs</h3>
      <ul>
        {jobs.slice(0, 8).map((job) => (
          <li key={job.id}>
            <button
              type="button"
              aria-pressed={job.id === shown}
              onClick={() => onChoose(job.id)}
              className="flex w-full items-baseline gap-2 rounded-lg px-2 py-1.5 text-left text-[0.8125rem] hover:bg-raised aria-pressed:bg-raised"
            >
              <span className="min-w-0 flex-1 truncate">{job.label}</span>
              <span className="shrink-0 text-soft">{statusWords[job.status]}</span>
              <span className="shrink-0 text-xs text-faint">
                <Ago at={job.endedAt ?? job.createdAt} />
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
