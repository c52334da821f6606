import type { NodeView } from '../../../shared/models/fleet.ts';
import { ollamaTroubles } from '../../../shared/models/ollama-trouble.ts';
import { client } from '../../client/index.ts';
import { Anyway, useAnyway } from '../../components/anyway.tsx';
import { Button } from '../../components/button.tsx';
import { Problem } from '../../components/problem.tsx';
import { useNodePower } from '../../stores/power.ts';
import { textOf } from '../../texts.ts';

const labels = { GPU_LOST: 'GPU lost', WEDGED: 'wedged' } as const;

/**
 * Why Ollama on a machine has no GPU or loads nothing, and the fix; nothing if it works. `named`: says which machine it
 * is.
 */
export function OllamaTrouble({ node, named = false }: { node: NodeView; named?: boolean }) {
  const power = useNodePower(node.id);
  // One restart fixes both.
  const [trouble] = ollamaTroubles(node);
  const isGpu = trouble?.code === 'GPU_LOST';
  const restart = useAnyway(
    (force) => client.call('power.restartOllama', { nodeId: node.id, force }),
    `Ollama restarted on ${node.name}${isGpu ? '. It is checking for its GPU.' : ''}`,
  );
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
          busy={restart.busy}
          aria-label={`Restart Ollama on ${node.name}`}
          onClick={restart.run}
        >
          Restart Ollama
        </Button>
      )}
      {restart.refused && (
        <div className="w-full">
          <Anyway label="Restart anyway" action={restart} />
        </div>
      )}
    </Problem>
  );
}
