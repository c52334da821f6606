import { Cpu, EllipsisVertical, Flame, Pencil, RefreshCw, Trash2, Zap } from 'lucide-react';
import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { useAction } from '../../components/use-action.ts';
import { goTo } from '../shell/route.ts';
import { FaultsDialog } from './faults-dialog.tsx';
import { NodeDialog } from './node-dialog.tsx';
import { useForce } from './use-force.ts';

/** Further actions on a machine. */
export function NodeMenu({
  node,
  awake,
  isOnPage = false,
  tabIndex,
}: {
  node: NodeView;
  awake: boolean;
  /** On the machine’s own page, which has the other actions as buttons, and ends with the machine. */
  isOnPage?: boolean;
  tabIndex?: number;
}) {
  const [open, setOpen] = useState<'edit' | 'remove' | 'faults' | null>(null);
  const { run } = useAction();
  const { force } = useForce();
  const simulated = node.kind === 'simulated';
  return (
    <>
      <Menu
        label={`More actions for ${node.name}`}
        trigger={
          <Button tone="quiet" size="icon" tabIndex={tabIndex} aria-label={`More actions for ${node.name}`}>
            <EllipsisVertical size={16} aria-hidden="true" />
          </Button>
        }
      >
        {!isOnPage && (node.url ?? node.agentUrl) && (
          <MenuItem onSelect={() => run(() => client.call('fleet.look', { nodeId: node.id }))}>
            <RefreshCw size={16} aria-hidden="true" /> Check now
          </MenuItem>
        )}
        {!isOnPage && awake && serverCan(node, 'moves') && node.hasGpu !== false && (
          <MenuItem onSelect={() => force('gpu', node.id, null)}>
            <Flame size={16} aria-hidden="true" /> Force priority models to GPU
          </MenuItem>
        )}
        {awake && node.url && (
          <MenuItem onSelect={() => force('cpu', node.id, null)}>
            <Cpu size={16} aria-hidden="true" /> Force priority models to CPU
          </MenuItem>
        )}
        {simulated && (
          <>
            <MenuSeparator />
            <MenuItem onSelect={() => setOpen('faults')}>
              <Zap size={16} aria-hidden="true" /> Simulate faults
            </MenuItem>
          </>
        )}
        <MenuSeparator />
        <MenuItem onSelect={() => setOpen('edit')}>
          <Pencil size={16} aria-hidden="true" /> Edit
        </MenuItem>
        {node.kind !== 'this-computer' && (
          <MenuItem danger onSelect={() => setOpen('remove')}>
            <Trash2 size={16} aria-hidden="true" /> Remove
          </MenuItem>
        )}
      </Menu>
      {open === 'edit' && <NodeDialog node={node} onClose={() => setOpen(null)} />}
      {open === 'faults' && <FaultsDialog node={node} onClose={() => setOpen(null)} />}
      {open === 'remove' && (
        <RemoveDialog
          node={node}
          onClose={() => setOpen(null)}
          {...(isOnPage && { onRemoved: () => goTo('fleet') })}
        />
      )}
    </>
  );
}

function RemoveDialog({
  node,
  onClose,
  onRemoved,
}: {
  node: NodeView;
  onClose(): void;
  onRemoved?: () => void;
}) {
  const { busy, run } = useAction();
  return (
    <Dialog
      title={`Remove ${node.name}?`}
      description="Pilotlight forgets this node. The machine and its models are not touched."
      onClose={onClose}
    >
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          tone="danger"
          busy={busy}
          onClick={() =>
            run(async () => {
              await client.call('fleet.remove', { nodeId: node.id });
              onClose();
              onRemoved?.();
            }, `${node.name} removed`)
          }
        >
          Remove
        </Button>
      </div>
    </Dialog>
  );
}
