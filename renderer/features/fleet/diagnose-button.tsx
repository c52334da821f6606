import type { NodeView } from '../../../shared/models/fleet.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';
import { closeDialog } from '../shell/open-dialog.ts';
import { nodeHref } from '../shell/route.ts';

/** Checks a machine step by step, and opens the page that shows it. */
export function DiagnoseButton({ node }: { node: Pick<NodeView, 'id' | 'name'> }) {
  const { busy, run } = useAction();
  return (
    <Button
      size="small"
      busy={busy}
      onClick={() =>
        run(async () => {
          closeDialog();
          location.hash = nodeHref(node.id, 'diagnosis');
          await client.call('checks.diagnose', { nodeId: node.id });
        })
      }
    >
      Diagnose<span className="sr-only"> {node.name}</span>
    </Button>
  );
}
