import { lazy, Suspense, useEffect } from 'react';
import { useFleet } from '../../stores/fleet.ts';
import { ForceDialog } from '../fleet/force-dialog.tsx';
import { SourceDialog } from '../index/source-dialog.tsx';
import { CellPanel } from '../models/cell-panel.tsx';
import { Palette } from '../palette/palette.tsx';
import { KeepDialog } from '../power/keep-dialog.tsx';
import { closeDialog, openDialog, useOpenDialog } from './open-dialog.ts';

// Loaded on demand.
const Wizard = lazy(() => import('../wizard/wizard.tsx'));

/** The dialogs that can be opened from any page. Ctrl K or ⌘ K opens the palette. */
export function SharedDialogs() {
  const asked = useOpenDialog((state) => state.asked);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      if (event.altKey || event.shiftKey) return;
      event.preventDefault();
      if (event.repeat) return;
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

  switch (asked?.dialog) {
    case 'palette':
      return <Palette onClose={closeDialog} />;
    case 'node':
      return (
        <Suspense>
          <Wizard onClose={closeDialog} />
        </Suspense>
      );
    case 'keep':
      return <KeepNode nodeId={asked.nodeId} />;
    case 'folder':
      return <SourceDialog onClose={closeDialog} />;
    case 'model':
      return <CellPanel nodeId={asked.nodeId} model={asked.model} onClose={closeDialog} />;
    case 'force':
      return <ForceDialog moves={asked.moves} onClose={closeDialog} />;
    default:
      return null;
  }
}

function KeepNode({ nodeId }: { nodeId: string }) {
  const node = useFleet((state) => state.entries[nodeId]);
  return node ? <KeepDialog node={node} onClose={closeDialog} /> : null;
}
