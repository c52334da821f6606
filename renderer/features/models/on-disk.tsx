import { Copy, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { formatBytes } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Anyway, useAnyway } from '../../components/anyway.tsx';
import { Button } from '../../components/button.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { selectSources, sourcesStore, useSources } from '../../stores/sources.ts';

/** Copying a model to another machine, and deleting it from this one. */
export function OnDisk({
  node,
  model,
  digest,
  sizeBytes,
  onCopy,
  onDeleted,
}: {
  node: NodeView;
  model: string;
  digest: string;
  sizeBytes: number;
  onCopy(): void;
  onDeleted(): void;
}) {
  const [asking, setAsking] = useState(false);
  if (node.server !== null && !node.server.capabilities.includes('manages-models')) return null;
  return (
    <section aria-label="On disk" className="grid gap-3 border-t border-line pt-4">
      <div className="grid grid-cols-2 gap-2">
        <Button className="justify-center" onClick={onCopy}>
          <Copy size={16} aria-hidden="true" /> Copy to…
        </Button>
        <Button
          className="justify-center"
          disabled={!isServing(node.state) || asking}
          onClick={() => setAsking(true)}
        >
          <Trash2 size={16} aria-hidden="true" /> Delete…
        </Button>
      </div>
      {asking && (
        <Confirm
          node={node}
          model={model}
          digest={digest}
          sizeBytes={sizeBytes}
          onCancel={() => setAsking(false)}
          onDeleted={onDeleted}
        />
      )}
    </section>
  );
}

/** What is lost with it, and the last word. */
function Confirm({
  node,
  model,
  digest,
  sizeBytes,
  onCancel,
  onDeleted,
}: {
  node: NodeView;
  model: string;
  digest: string;
  sizeBytes: number;
  onCancel(): void;
  onDeleted(): void;
}) {
  useKeep(sourcesStore);
  const folders = selectSources(useSources()).filter(
    ({ embedder }) => embedder.kind === 'model' && embedder.digest === digest,
  );
  const others = selectNodes(useFleet()).filter(
    (other) => other.id !== node.id && other.installed.some((one) => one.digest === digest),
  );
  const remove = useAnyway(async (anyway) => {
    await client.call('models.delete', { model, nodeId: node.id, anyway });
    onDeleted();
  }, `${model} deleted from ${node.name}`);
  return (
    <div className="grid gap-2 rounded-lg border border-line bg-ground p-3">
      <p className="font-medium break-words">
        Delete {model} from {node.name}?
      </p>
      <p className="text-[0.8125rem] text-soft">
        {sizeBytes > 0 && `Up to ${formatBytes(sizeBytes)} become free. `}
        {others.length === 0
          ? 'No other machine has it: to get it back, it must be downloaded again.'
          : `It stays on ${others.map(({ name }) => name).join(', ')}.`}
      </p>
      {folders.length > 0 && (
        <p className="text-[0.8125rem] break-words text-trouble-text">
          {others.length === 0 ? 'These folders can then be searched by words only' : 'Used by these folders'}
          : {folders.map(({ name }) => name).join(', ')}.
        </p>
      )}
      <Anyway label="Delete anyway" action={remove} />
      <div className="flex flex-wrap gap-2">
        <Button tone="danger" busy={remove.busy} onClick={remove.run}>
          Delete
        </Button>
        <Button autoFocus onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
