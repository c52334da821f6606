import type { NodeView } from '../../../shared/models/fleet.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useNodePower } from '../../stores/power.ts';
import { textOf } from '../../texts.ts';

/** Why Ollama on a machine has no GPU, and the fix; nothing if it has one. `named`: says which machine it is. */
export function GpuLost({ node, named = false }: { node: NodeView; named?: boolean }) {
  const power = useNodePower(node.id);
  const { busy, run } = useAction();
  if (node.gpuLost === null) return null;
  const { reason, next } = node.gpuLost;
  const message = textOf(reason);
  return (
    <Problem
      compact
      message={named ? `${node.name}: GPU lost. ${message}` : message}
      next={textOf(next)}
      code="GPU_LOST"
    >
      {power?.agent?.mayRestartOllama && (
        <Button
          size="small"
          busy={busy}
          aria-label={`Restart Ollama on ${node.name}`}
          onClick={() =>
            run(
              () => client.call('power.restartOllama', { nodeId: node.id }),
              `Ollama restarted on ${node.name}. It is checking for its GPU.`,
            )
          }
        >
          Restart Ollama
        </Button>
      )}
    </Problem>
  );
}
