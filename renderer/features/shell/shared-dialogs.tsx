import { Suspense, useEffect } from 'react';
import { latePart } from '../../components/late-part.ts';
import { asksAboutUnsaved } from '../../components/unsaved.ts';
import { useFleet } from '../../stores/fleet.ts';
import { useJobs } from '../../stores/jobs.ts';
import { closeDialog, openDialog, type SharedDialog, useOpenDialog } from './open-dialog.ts';

const KeepDialog = latePart(() => import('../power/keep-dialog.tsx'), 'KeepDialog');
const WhyDialog = latePart(() => import('../power/why-dialog.tsx'), 'WhyDialog');
const NodeDialog = latePart(() => import('../fleet/node-dialog.tsx'), 'NodeDialog');
const FaultsDialog = latePart(() => import('../fleet/faults-dialog.tsx'), 'FaultsDialog');
const RemoveDialog = latePart(() => import('../fleet/remove-dialog.tsx'), 'RemoveDialog');
const Palette = latePart(() => import('../palette/palette.tsx'));
const Wizard = latePart(() => import('../wizard/wizard.tsx'));
const SourceDialog = latePart(() => import('../index/source-dialog.tsx'), 'SourceDialog');
const CellPanel = latePart(() => import('../models/cell-panel.tsx'), 'CellPanel');
const CancelRun = latePart(() => import('../index/cancel-run.tsx'), 'CancelRun');
const PullDialog = latePart(() => import('../models/pull-dialog.tsx'), 'PullDialog');
const ForceDialog = latePart(() => import('../fleet/force-dialog.tsx'), 'ForceDialog');

/** The dialogs that can be opened from any page. Ctrl K or ⌘ K opens the palette. */
export function SharedDialogs() {
  const asked = useOpenDialog((state) => state.asked);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      if (event.altKey || event.shiftKey) return;
      event.preventDefault();
      if (event.repeat) return;
      if (asksAboutUnsaved()) return;
      if (useOpenDialog.getState().asked?.dialog === 'palette') closeDialog();
      else openDialog({ dialog: 'palette' });
    };
    const onNavigation = () => {
      if (location.hash !== useOpenDialog.getState().at) closeDialog();
    };
    addEventListener('keydown', onKey);
    addEventListener('hashchange', onNavigation);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('hashchange', onNavigation);
    };
  }, []);

  // One boundary each: a dialog that waits for its script must not keep the one before it, whose end would close it.
  return asked && <Suspense key={asked.dialog}>{dialogOf(asked)}</Suspense>;
}

function dialogOf(asked: SharedDialog) {
  switch (asked.dialog) {
    case 'palette':
      return <Palette onClose={closeDialog} />;
    case 'node':
      return <Wizard onClose={closeDialog} />;
    case 'keep':
    case 'why':
    case 'edit-node':
    case 'faults':
    case 'remove-node':
      return <OfNode asked={asked} />;
    case 'folder':
      return <SourceDialog onClose={closeDialog} />;
    case 'model':
      return <CellPanel nodeId={asked.nodeId} model={asked.model} onClose={closeDialog} />;
    case 'cancel-run':
      return <CancelJob jobId={asked.jobId} />;
    case 'pull':
      return <PullDialog model={asked.model} from={asked.from} onClose={closeDialog} />;
    case 'force':
      return <ForceDialog moves={asked.moves} onClose={closeDialog} />;
  }
}

/** A run that has ended meanwhile is not asked about any more. */
function CancelJob({ jobId }: { jobId: string }) {
  const job = useJobs((state) => state.entries[jobId]);
  return job && job.endedAt === null ? <CancelRun job={job} onClose={closeDialog} /> : null;
}

/** A machine that was removed meanwhile is not asked about any more. */
function OfNode({ asked }: { asked: Extract<SharedDialog, { nodeId: string }> }) {
  const node = useFleet((state) => state.entries[asked.nodeId]);
  if (!node) return null;
  switch (asked.dialog) {
    case 'keep':
      return <KeepDialog node={node} onClose={closeDialog} />;
    case 'why':
      return <WhyDialog node={node} onClose={closeDialog} />;
    case 'edit-node':
      return <NodeDialog node={node} onClose={closeDialog} />;
    case 'faults':
      return <FaultsDialog node={node} onClose={closeDialog} />;
    case 'remove-node':
      return <RemoveDialog node={node} leaves={asked.leaves} onClose={closeDialog} />;
    default:
      return null;
  }
}
