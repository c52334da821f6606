import { Pin, Star } from 'lucide-react';
import { useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelOnNode } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { endProcesses } from '../../../shared/text/left-behind.ts';
import { formatMemory, plural } from '../../../shared/units.ts';
import { PlacementGlyph, placementLabel } from '../../components/glyphs.tsx';
import { PartsMeter } from '../../components/meter.tsx';
import { WithCode } from '../../components/with-code.tsx';
import { modelColour } from '../../stores/model-colours.ts';
import { telemetryStore, useUsedVram } from '../../stores/telemetry.ts';
import { type LeftBehind, leftBehind } from './left-behind.ts';
import { vramText } from './node-text.ts';

/** VRAM by model, each in its colour; other use is grey. */
export function VramBar({ node }: { node: NodeView }) {
  const usedBytes = useUsedVram(node);
  const left = useLeftBehind(node.id);
  if (node.hasGpu === false) return null;
  const { totalBytes } = node.vram;
  const inModels = node.loaded.reduce((sum, model) => sum + model.vramBytes, 0);
  const inLeft = left.reduce((sum, process) => sum + (process.bytes ?? 0), 0);
  const other = Math.max(0, (usedBytes ?? 0) - inModels - inLeft);
  const whole = totalBytes ?? Math.max(inModels + inLeft + other, 1);
  const parts = node.loaded
    .filter((model) => model.vramBytes > 0)
    .map((model) => ({
      key: model.name,
      share: model.vramBytes / whole,
      colour: modelColour(model.name),
      title: `${model.name} ${formatMemory(model.vramBytes)}`,
    }));
  for (const { pid, title, bytes } of left) {
    parts.push({ key: `pid ${pid}`, share: (bytes ?? 0) / whole, colour: 'var(--trouble)', title });
  }
  if (other > 0.01 * whole) {
    parts.push({
      key: '',
      share: other / whole,
      colour: 'var(--series-other)',
      title: `other ${formatMemory(other)}`,
    });
  }
  const text = vramText({ totalBytes, usedBytes });
  return (
    <div>
      <div className="mb-1.5 flex items-baseline justify-between gap-2 text-[0.8125rem]">
        <span className="text-soft">VRAM</span>
        <span className="font-medium">{text}</span>
      </div>
      <PartsMeter
        parts={parts}
        label={`VRAM ${text}${parts.length > 0 ? `: ${parts.map((part) => part.title).join(', ')}` : ''}`}
      />
      {left.map(({ pid, title }) => (
        <p key={pid} className="mt-1.5 text-[0.8125rem] break-words text-trouble-text">
          {title}. <WithCode text={endProcesses([pid])} />
        </p>
      ))}
    </div>
  );
}

/** The processes on a machine’s GPUs that outlived their server. */
function useLeftBehind(nodeId: string): LeftBehind[] {
  const gpus = telemetryStore.use((state) => state.entries[nodeId]?.gpus ?? none);
  return useMemo(() => leftBehind(gpus), [gpus]);
}

const none: readonly GpuReading[] = [];
const shown = 4;

/** The loaded models, with location and size. */
export function LoadedModels({ node }: { node: NodeView }) {
  if (node.loaded.length === 0 && !serverCan(node, 'says-placement')) {
    return <p className="text-[0.8125rem] text-faint">Its server doesn’t say which models are loaded</p>;
  }
  if (node.loaded.length === 0) {
    return <p className="text-[0.8125rem] text-faint">No models loaded</p>;
  }
  const models = node.loaded.slice(0, shown);
  return (
    <ul className="grid gap-1 text-[0.8125rem]" aria-label="Loaded models">
      {models.map((model) => (
        <LoadedModel key={model.name} model={model} />
      ))}
      {node.loaded.length > shown && (
        <li className="text-faint">and {plural(node.loaded.length - shown, 'more', 'more')}</li>
      )}
    </ul>
  );
}

function LoadedModel({ model }: { model: ModelOnNode }) {
  return (
    <li className="flex min-w-0 items-center gap-2">
      <PlacementGlyph at={model.placement} size={14} />
      <span
        aria-hidden="true"
        className="size-2 shrink-0 rounded-[2px]"
        style={{ background: modelColour(model.name) }}
      />
      <span className="min-w-0 truncate" title={model.name}>
        {model.name}
      </span>
      {model.priority && (
        <Star size={12} className="shrink-0 fill-current text-flame" role="img" aria-label="priority" />
      )}
      {model.pinned && <Pin size={12} className="shrink-0 text-soft" role="img" aria-label="pinned" />}
      <span className={`ml-auto shrink-0 ${model.flagged ? 'font-medium text-flame-text' : 'text-soft'}`}>
        {placementLabel(model)} · {formatMemory(model.sizeBytes)}
      </span>
    </li>
  );
}
