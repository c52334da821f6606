import type { NodeView } from '../../../shared/models/fleet.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { useAction } from '../../components/use-action.ts';
import { goTo } from '../shell/route.ts';

/** Asks before a machine is forgotten. */
export function RemoveDialog({
  node,
  leaves,
  onClose,
}: {
  node: NodeView;
  /** The page that is open is that of the machine. */
  leaves: boolean;
  onClose(): void;
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
              if (leaves) goTo('fleet');
            }, `${node.name} removed`)
          }
        >
          Remove
        </Button>
      </div>
    </Dialog>
  );
}
