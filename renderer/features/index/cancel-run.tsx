import type { IndexJob } from '../../../shared/models/indexing.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useAction } from '../../components/use-action.ts';
import { quotedJobName } from '../../texts.ts';

/** Asks before a run is cancelled; pausing is the milder choice. */
export function CancelRun({ job, onClose }: { job: IndexJob; onClose(): void }) {
  const { busy, run } = useAction();
  const act = (method: 'index.cancel' | 'index.pause', done: string) =>
    run(async () => {
      await client.call(method, { jobId: job.id });
      onClose();
    }, done);
  return (
    <Dialog
      title={`Cancel indexing ${quotedJobName(job)}?`}
      description="What was already indexed is kept. A paused run continues from there; a cancelled one is started again as a new run."
      onClose={onClose}
    >
      <div className="flex flex-wrap justify-end gap-2">
        <Button data-begin onClick={onClose}>
          Back
        </Button>
        {job.status === 'running' && (
          <Button busy={busy} onClick={() => act('index.pause', 'Run paused')}>
            Pause instead
          </Button>
        )}
        <Button
          tone="danger"
          busy={busy}
          onClick={() => act('index.cancel', 'Run cancelled. What was already indexed is kept.')}
        >
          Cancel the run
        </Button>
      </div>
    </Dialog>
  );
}
