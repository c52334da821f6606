import { Flame, Pencil, RefreshCw, Trash2, Zap } from 'lucide-react';
import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { useWake } from '../../stores/wakes.ts';
import { FaultsDialog } from '../fleet/faults-dialog.tsx';
import { NodeDialog } from '../fleet/node-dialog.tsx';
import { RemoveDialog } from '../fleet/node-menu.tsx';
import { useForce } from '../fleet/use-force.ts';
import { PowerMenu } from '../power/power-menu.tsx';
import { goTo } from '../shell/route.ts';

/** The available actions, most likely first. A wake in progress has its own Cancel button. */
export function NodeActions({ node }: { node: NodeView }) {
  const [open, setOpen] = useState<'edit' | 'remove' | 'faults' | null>(null);
  const waking = useWake(node.id) !== null;
  const wake = useAction();
  const check = useAction();
  const { busy: forcing, force } = useForce();
  const awake = isServing(node.state);
  const flagged = node.loaded.some((model) => model.flagged);
  const close = () => setOpen(null);
  return (
    <>
      {!awake && node.canWake && !waking && (
        <Button
          tone="primary"
          busy={wake.busy}
          onClick={() => wake.run(() => client.call('power.wake', { nodeId: node.id }))}
        >
          Wake
        </Button>
      )}
      {awake && <PowerMenu node={node} size="normal" />}
      {awake && serverCan(node, 'moves') && node.hasGpu !== false && (
        <Button
          tone={flagged ? 'primary' : 'plain'}
          busy={forcing}
          onClick={() => force('gpu', node.id, null)}
        >
          <Flame size={16} aria-hidden="true" /> Force to GPU
        </Button>
      )}
      {(node.url ?? node.agentUrl) && (
        <Button
          busy={check.busy}
          onClick={() => check.run(() => client.call('fleet.look', { nodeId: node.id }))}
        >
          <RefreshCw size={16} aria-hidden="true" /> Check now
        </Button>
      )}
      {node.kind === 'simulated' && (
        <Button onClick={() => setOpen('faults')}>
          <Zap size={16} aria-hidden="true" /> Simulate faults{' '}
        </Button>
      )}
      <Button onClick={() => setOpen('edit')}>
        <Pencil size={16} aria-hidden="true" /> Edit
      </Button>
      {node.kind !== 'this-computer' && (
        <Button tone="danger" onClick={() => setOpen('remove')}>
          <Trash2 size={16} aria-hidden="true" /> Remove
        </Button>
      )}
      {open === 'edit' && <NodeDialog node={node} onClose={close} />}
      {open === 'faults' && <FaultsDialog node={node} onClose={close} />}
      {open === 'remove' && <RemoveDialog node={node} onClose={close} onRemoved={() => goTo('fleet')} />}
    </>
  );
}
