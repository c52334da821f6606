import { Pause, Play, Search, X } from 'lucide-react';
import { formatCount, formatEta } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { LiveRegion } from '../../components/live-region.tsx';
import { Progress } from '../../components/meter.tsx';
import { useAction } from '../../components/use-action.ts';
import { useConnection } from '../../stores/connection.ts';
import { selectActiveJob, useJobs } from '../../stores/jobs.ts';
import { jobName, quotedJobName } from '../../texts.ts';
import { jobProgress, phaseLabels, statusLabels } from '../index/job-text.ts';
import { ConnectionState } from './connection-state.tsx';
import { openDialog } from './open-dialog.ts';
import { pageHref } from './route.ts';

/** The running job, the palette button and the connection state. */
export function TopBar() {
  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-3 border-b border-line bg-ground/95 px-4 backdrop-blur-sm sm:px-6">
      <div className="min-w-0 flex-1">
        <RunningJob />
      </div>
      <PaletteButton />
      <ConnectionState />
    </header>
  );
}

const modifier = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

function PaletteButton() {
  return (
    <button
      type="button"
      aria-keyshortcuts="Control+K Meta+K"
      aria-haspopup="dialog"
      title={`Find a page, machine, model or setting, or run a command (${modifier} K)`}
      onClick={() => openDialog({ dialog: 'palette' })}
      className="flex h-9 shrink-0 items-center gap-2 rounded-lg border border-line px-2.5 text-[0.8125rem] text-faint transition-colors hover:border-faint hover:text-text"
    >
      <Search size={16} aria-hidden="true" />
      <span className="max-md:sr-only">Search or run</span>
      <kbd className="hidden rounded border border-line px-1.5 font-sans text-2xs md:inline">
        {modifier} K
      </kbd>
    </button>
  );
}

function RunningJob() {
  const ready = useJobs((state) => state.ready);
  const live = useConnection((status) => status.state === 'live');
  const job = useJobs(selectActiveJob);
  const { busy, run } = useAction();
  if (!job)
    return (
      <p className="truncate text-[0.8125rem] text-faint">{ready && live ? 'Nothing is running' : ''}</p>
    );

  const paused = job.status === 'paused';
  const phase = paused ? statusLabels.paused : phaseLabels[job.phase];
  const progress = jobProgress(job);
  const done =
    job.files.total > 0 ? `${formatCount(progress.files)} of ${formatCount(job.files.total)} files` : '';
  const eta = job.etaMs === null ? '' : formatEta(job.etaMs);
  return (
    <div className="flex items-center gap-3 text-[0.8125rem]">
      <a href={pageHref('index')} className="flex min-w-0 items-baseline gap-2 rounded">
        <span className="truncate font-medium">Index {quotedJobName(job)}</span>
        <span className="hidden shrink-0 text-soft md:inline">{phase}</span>
      </a>
      <Progress
        value={progress.share}
        label={`Index ${jobName(job)}`}
        valueText={[phase, done, eta].filter(Boolean).join(', ')}
        className="max-w-64 min-w-12 flex-1"
      />
      <span className="hidden shrink-0 text-soft lg:inline">{done}</span>
      <span className="hidden w-24 shrink-0 text-right text-soft sm:inline">{eta}</span>
      <Button
        tone="quiet"
        size="icon"
        busy={busy}
        aria-label={`${paused ? 'Resume' : 'Pause'} indexing ${jobName(job)}`}
        title={paused ? 'Resume' : 'Pause'}
        onClick={() => run(() => client.call(paused ? 'index.resume' : 'index.pause', { jobId: job.id }))}
      >
        {paused ? <Play size={16} aria-hidden="true" /> : <Pause size={16} aria-hidden="true" />}
      </Button>
      <Button
        tone="quiet"
        size="icon"
        aria-label={`Cancel indexing ${jobName(job)}`}
        aria-haspopup="dialog"
        title="Cancel…"
        onClick={() => openDialog({ dialog: 'cancel-run', jobId: job.id })}
      >
        <X size={16} aria-hidden="true" />
      </Button>
      <LiveRegion message={`Index ${jobName(job)}: ${phase}${quarterText(progress.share)}`} />
    </div>
  );
}

/** `, 50%`: said four times in a run, and not at each file. */
function quarterText(share: number | null): string {
  const quarters = share === null ? 0 : Math.floor(share * 4);
  return quarters === 0 ? '' : `, ${quarters * 25}%`;
}
