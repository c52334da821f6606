import type { IndexJob } from '../../../shared/models/indexing.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { formatCountdown, formatElapsed } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { selectSources, useSources } from '../../stores/sources.ts';
import { useWake } from '../../stores/wakes.ts';
import { WakeLine } from '../fleet/wake-line.tsx';
import { type RunWait, runWait } from './run-wait.ts';

/** null while it works. */
export function useRunWait(job: IndexJob): RunWait | null {
  const nodes = selectNodes(useFleet());
  const sources = selectSources(useSources());
  return runWait(job, sources, nodes);
}

/** What a run waits for: the wake of its machine, how long already, when it uses the CPU, and the button for it. */
export function RunWaiting({ job, wait }: { job: IndexJob; wait: RunWait }) {
  const name = useFleet(({ entries }) => entries[wait.nodeId ?? '']?.name ?? '');
  const wake = useWake(wait.nodeId ?? '');
  const now = useNow();
  const { busy, run } = useAction();
  const waited = job.phaseSince === undefined ? null : formatElapsed(Math.max(0, now - job.phaseSince));
  const toCpuMs = wait.fallsBack && wake !== null ? wake.deadlineAt - now : null;
  return (
    <section
      aria-label="What it waits for"
      className="mt-3 grid gap-2 rounded-lg border border-line bg-ground p-3"
    >
      {wait.nodeId !== null && wake !== null && <WakeLine nodeId={wait.nodeId} name={name} />}
      <div className="flex min-h-8 flex-wrap items-center gap-x-3 gap-y-1 text-[0.8125rem] text-soft">
        <p className="min-w-0 flex-1 basis-48 tabular-nums">
          {waited !== null && `For ${waited} now. `}
          {toCpuMs !== null && `Continues on the CPU in ${formatCountdown(toCpuMs)}.`}
        </p>
        {wait.mayUseCpu && (
          <Button
            size="small"
            busy={busy}
            onClick={() => run(() => client.call('index.useCpu', { jobId: job.id }))}
          >
            Use the CPU now
          </Button>
        )}
      </div>
    </section>
  );
}
