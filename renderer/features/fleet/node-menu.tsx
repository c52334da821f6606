import { Cpu, EllipsisVertical, Flame, Pencil, RefreshCw, Trash2, Zap } from 'lucide-react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx';
import { useAction } from '../../components/use-action.ts';
import { openDialog } from '../shell/open-dialog.ts';
import { useForce } from './use-force.ts';

/** Further actions on a machine. Its dialogs are not in it: a row of many machines ends when it is scrolled away. */
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
  const { run } = useAction();
  const { force } = useForce();
  const simulated = node.kind === 'simulated';
  return (
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
          <MenuItem onSelect={() => openDialog({ dialog: 'faults', nodeId: node.id })}>
            <Zap size={16} aria-hidden="true" /> Simulate faults
          </MenuItem>
        </>
      )}
      <MenuSeparator />
      <MenuItem onSelect={() => openDialog({ dialog: 'edit-node', nodeId: node.id })}>
        <Pencil size={16} aria-hidden="true" /> Edit
      </MenuItem>
      {node.kind !== 'this-computer' && (
        <MenuItem
          danger
          onSelect={() => openDialog({ dialog: 'remove-node', nodeId: node.id, leaves: isOnPage })}
        >
          <Trash2 size={16} aria-hidden="true" /> Remove
        </MenuItem>
      )}
    </Menu>
  );
}
