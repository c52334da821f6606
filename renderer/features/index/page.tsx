import { FolderPlus } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Empty, Loading, Page, Section, Skeleton } from '../../components/page.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { isActive, selectActiveJob, selectJobs, useJobs } from '../../stores/jobs.ts';
import { remoteIndexesStore, selectRemoteIndexes, useRemoteIndexes } from '../../stores/remote-indexes.ts';
import { selectSources, useSources } from '../../stores/sources.ts';
import { toastError } from '../../stores/toasts.ts';
import { goTo, useRunInHash } from '../shell/route.ts';
import { ProofCard } from './proof-card.tsx';
import { QdrantProblem } from './qdrant-problem.tsx';
import { RemoteDialog } from './remote-dialog.tsx';
import { RemoteList } from './remote-list.tsx';
import { RunList } from './run-list.tsx';
import { RunView } from './run-view.tsx';
import { SourceDialog } from './source-dialog.tsx';
import { SourceList } from './source-list.tsx';

export default function IndexPage() {
  const sourcesState = useSources();
  const sources = useMemo(() => selectSources(sourcesState), [sourcesState]);
  const jobsState = useJobs();
  const jobs = useMemo(() => selectJobs(jobsState), [jobsState]);
  const active = selectActiveJob(jobsState);
  useKeep(remoteIndexesStore);
  const remotesState = useRemoteIndexes();
  const remotes = useMemo(() => selectRemoteIndexes(remotesState), [remotesState]);
  const [adding, setAdding] = useState<'folder' | 'remote' | null>(null);
  const chosen = useRunInHash();
  const older = useOlderRun(chosen, jobs, jobsState.ready);
  const { busy, run } = useAction();

  const named = chosen === null ? null : (jobs.find(({ id }) => id === chosen) ?? older);
  const job = named ?? active ?? jobs[0] ?? null;
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
                goTo('index');
                void run(() => client.call('index.start', {}));
              }}
            >
              Index all folders
            </Button>
          )}
          <Button onClick={() => setAdding('folder')}>
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
      ) : sources.length === 0 && jobs.length === 0 && remotes.length === 0 ? (
        <Empty
          title="No folders indexed yet"
          actions={
            <>
              <Button tone="primary" onClick={() => setAdding('folder')}>
                Add a folder
              </Button>
              <Button onClick={() => setAdding('remote')}>Add a remote index</Button>
            </>
          }
        >
          Add a folder to search its text files by keyword and by similarity. They are embedded here or on
          your GPU machine, and never changed.
        </Empty>
      ) : (
        <div className="grid items-start gap-6 rail:grid-cols-[20rem_minmax(0,1fr)] wide:grid-cols-[26rem_minmax(0,1fr)]">
          <div className="min-w-0">
            <Section title="Folders">
              <QdrantProblem sources={sources} />
              <SourceList sources={sources} running={running} />
              {jobs.length > 0 && <RunList jobs={jobs} shown={job?.id ?? null} />}
            </Section>
            <RemoteList remotes={remotes} />
          </div>
          <Section
            title={
              job?.status === 'paused'
                ? 'Paused'
                : job && isActive(job)
                  ? 'Running now'
                  : named && named.id !== jobs[0]?.id
                    ? 'Earlier run'
                    : 'Last run'
            }
            className="max-rail:order-first"
          >
            {job ? (
              job.endedAt === null ? (
                <RunView key={job.id} job={job} />
              ) : (
                <ProofCard key={job.id} job={job} />
              )
            ) : (
              <p className={`${cardClass} px-4 py-8 text-center text-soft`}>
                No runs yet. Index a folder and its progress appears here.
              </p>
            )}
          </Section>
        </div>
      )}
      {adding === 'folder' && <SourceDialog onClose={() => setAdding(null)} />}
      {adding === 'remote' && <RemoteDialog onClose={() => setAdding(null)} />}
    </Page>
  );
}

/** Fetches the run named in the URL, once, if the stream no longer includes it. */
function useOlderRun(id: string | null, known: readonly IndexJob[], ready: boolean): IndexJob | null {
  const [job, setJob] = useState<IndexJob | null>(null);
  const missing = ready && id !== null && !known.some((one) => one.id === id);
  useEffect(() => {
    if (!missing || id === null) return;
    const abort = new AbortController();
    client.call('index.job', { jobId: id }, { signal: abort.signal }).then(setJob, (error) => {
      if (!abort.signal.aborted) toastError(error);
    });
    return () => abort.abort();
  }, [id, missing]);
  return missing && job?.id === id ? job : null;
}
