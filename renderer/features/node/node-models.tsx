import { Pin, Star } from 'lucide-react';
import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelOnNode } from '../../../shared/models/placement.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { formatBytes, formatCount, formatMemory, plural } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { PlacementGlyph, placementLabel } from '../../components/glyphs.tsx';
import { useNow } from '../../components/now.ts';
import { cardClass, Section } from '../../components/page.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { modelColour } from '../../stores/model-colours.ts';
import { optimizerStore, useOptimizer } from '../../stores/optimizer.ts';
import { textOf, textOrEmpty } from '../../texts.ts';
import { failedMoveText } from '../fleet/node-text.ts';
import { useForce } from '../fleet/use-force.ts';
import { CellPanel } from '../models/cell-panel.tsx';
import { FailedMark, useLastMove } from '../models/last-move.tsx';

/** The loaded models, where they are and why, and what else is on disk. */
export function NodeModels({ node }: { node: NodeView }) {
  useKeep(optimizerStore);
  const explanations = useOptimizer()?.explanations ?? [];
  const [open, setOpen] = useState<string | null>(null);
  const loadedNames = new Set(node.loaded.map((model) => model.name));
  const onDisk = node.installed.filter((model) => !loadedNames.has(model.name));
  const serving = isServing(node.state);
  // Unknown for one that has not answered yet.
  const says = node.server === null || serverCan(node, 'says-placement');
  if (node.url === null) return null;
  return (
    <Section
      title="Models"
      aside={
        says
          ? `${plural(node.loaded.length, 'model')} loaded, ${formatCount(onDisk.length)} more on disk`
          : plural(onDisk.length, 'model')
      }
    >
      {node.loaded.length === 0 ? (
        <p className={`${cardClass} px-4 py-6 text-center text-soft`}>
          {serving && !says
            ? 'Its server doesn’t say which models are loaded, or whether they are on the GPU.'
            : serving
              ? 'No models loaded. A model loads when something uses it, or when you force it to the GPU.'
              : 'Loaded models appear once the machine is serving.'}
        </p>
      ) : (
        <ul className={`${cardClass} divide-y divide-line`} aria-label="Loaded models">
          {node.loaded.map((model) => (
            <LoadedRow
              key={model.name}
              node={node}
              model={model}
              why={textOrEmpty(
                explanations.find((one) => one.nodeId === node.id && one.model === model.name)?.reason ??
                  null,
              )}
              onOpen={() => setOpen(model.name)}
            />
          ))}
        </ul>
      )}
      {onDisk.length > 0 && (
        <details className="mt-3 text-[0.8125rem]">
          <summary className="inline-block rounded px-1 py-0.5 text-soft hover:text-text">
            {says ? `${plural(onDisk.length, 'model')} on disk, not loaded` : plural(onDisk.length, 'model')}
          </summary>
          <ul className="mt-2 grid grid-cols-[repeat(auto-fill,minmax(min(100%,18rem),1fr))] gap-x-4">
            {onDisk.map((model) => (
              <li key={model.name} className="min-w-0">
                <button
                  type="button"
                  onClick={() => setOpen(model.name)}
                  className="flex w-full min-w-0 items-center gap-2 rounded-lg px-2 py-1.5 text-left hover:bg-raised"
                >
                  <PlacementGlyph at="disk" size={14} />
                  <span className="min-w-0 flex-1 truncate" title={model.name}>
                    {model.name}
                  </span>
                  <FailedMark nodeId={node.id} model={model.name} />
                  <span className="shrink-0 text-faint">{formatBytes(model.sizeBytes)}</span>
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
      {open !== null && <CellPanel nodeId={node.id} model={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function LoadedRow({
  node,
  model,
  why,
  onOpen,
}: {
  node: NodeView;
  model: ModelOnNode;
  /** Empty if the optimizer has not explained it. */
  why: string;
  onOpen(): void;
}) {
  const { busy, force } = useForce();
  const failed = useLastMove(node.id, model.name);
  const canMove = node.hasGpu !== false && model.placement !== 'gpu' && !model.pinned;
  return (
    <li
      className={`flex flex-wrap items-start gap-x-4 gap-y-2 px-4 py-3 ${model.flagged ? 'bg-flame-wash' : ''}`}
    >
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex min-w-0 items-center gap-2">
          <PlacementGlyph at={model.placement} />
          <span
            aria-hidden="true"
            className="size-2 shrink-0 rounded-[2px]"
            style={{ background: modelColour(model.name) }}
          />
          <span className="min-w-0 truncate font-medium" title={model.name}>
            {model.name}
          </span>
          {model.priority && (
            <Star size={12} className="shrink-0 fill-current text-flame" role="img" aria-label="priority" />
          )}
          {model.pinned && <Pin size={12} className="shrink-0 text-soft" role="img" aria-label="pinned" />}
        </p>
        {failed ? (
          <p className="mt-1 text-[0.8125rem] break-words">
            <span className="font-medium text-trouble-text">{failedMoveText(failed)}</span>{' '}
            <span className="text-soft">{textOf(failed.reason)}</span>
          </p>
        ) : (
          why && <p className="mt-1 text-[0.8125rem] break-words text-soft">{why}</p>
        )}
      </div>
      <dl className="flex flex-wrap gap-x-5 gap-y-1 text-[0.8125rem]">
        <Cell name="Location">
          <span className={model.flagged ? 'font-medium text-flame-text' : ''}>{placementLabel(model)}</span>
        </Cell>
        <Cell name="In VRAM">{model.vramBytes > 0 ? formatMemory(model.vramBytes) : 'none'}</Cell>
        <Cell name="In memory">{formatMemory(model.sizeBytes)}</Cell>
        <Cell name="Unloads">
          <Stays until={model.expiresAt} />
        </Cell>
      </dl>
      <div className="flex gap-2 max-sm:w-full">
        {canMove && (
          <Button
            size="small"
            tone={model.flagged ? 'primary' : 'plain'}
            busy={busy}
            disabled={!isServing(node.state)}
            aria-label={`Force to GPU: ${model.name}`}
            onClick={() => force('gpu', node.id, model.name)}
          >
            Force to GPU
          </Button>
        )}
        <Button size="small" aria-label={`Explain the placement of ${model.name}`} onClick={onOpen}>
          {' '}
          Explain{' '}
        </Button>
      </div>
    </li>
  );
}

function Cell({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="w-20">
      <dt className="text-xs text-faint">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Stays({ until }: { until: number | null }) {
  const now = useNow(10);
  if (until === null) return <>only on request</>;
  const minutes = Math.ceil((until - now) / 60_000);
  return <>{minutes > 0 ? `in ${formatCount(minutes)} min` : 'soon'}</>;
}
