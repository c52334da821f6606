import { Flame, RefreshCw } from 'lucide-react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { useWake } from '../../stores/wakes.ts';
import { NodeMenu } from '../fleet/node-menu.tsx';
import { useForce } from '../fleet/use-force.ts';
import { PowerMenu } from '../power/power-menu.tsx';

/** The available actions, most likely first. A wake in progress has its own Cancel button. */
export function NodeActions({ node }: { node: NodeView }) {
  const waking = useWake(node.id) !== null;
  const wake = useAction();
  const check = useAction();
  const { busy: forcing, force } = useForce();
  const awake = isServing(node.state);
  const flagged = node.loaded.some((model) => model.flagged);
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
      <NodeMenu node={node} awake={awake} isOnPage />
    </>
  );
}
