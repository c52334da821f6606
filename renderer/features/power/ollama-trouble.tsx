import type { NodeView } from '../../../shared/models/fleet.ts';
import { ollamaTroubles } from '../../../shared/models/ollama-trouble.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { useAction } from '../../components/use-action.ts';
import { useNodePower } from '../../stores/power.ts';
import { textOf } from '../../texts.ts';

const labels = { GPU_LOST: 'GPU lost', WEDGED: 'wedged' } as const;

/**
 * Why Ollama on a machine has no GPU or loads nothing, and the fix; nothing if it works. `named`: says which machine it
 * is.
 */
export function OllamaTrouble({ node, named = false }: { node: NodeView; named?: boolean }) {
  const power = useNodePower(node.id);
  const { busy, run } = useAction();
  // One restart fixes both.
  const [trouble] = ollamaTroubles(node);
  if (trouble === undefined) return null;
  const { code, reason, next } = trouble;
  const message = textOf(reason);
  return (
    <Problem
      compact
      message={named ? `${node.name}: ${labels[code]}. ${message}` : message}
      next={textOf(next)}
      code={code}
    >
      {power?.agent?.mayRestartOllama && (
        <Button
          size="small"
          busy={busy}
          aria-label={`Restart Ollama on ${node.name}`}
          onClick={() =>
            run(
              () => client.call('power.restartOllama', { nodeId: node.id }),
              code === 'GPU_LOST'
                ? `Ollama restarted on ${node.name}. It is checking for its GPU.`
                : `Ollama restarted on ${node.name}`,
            )
          }
        >
          Restart Ollama
        </Button>
      )}
    </Problem>
  );
}
