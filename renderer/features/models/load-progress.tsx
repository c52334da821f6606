import { useState } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { formatMemory } from '../../../shared/units.ts';
import { Progress } from '../../components/meter.tsx';
import { useNow } from '../../components/now.ts';
import { formatElapsed } from '../../components/time.tsx';
import { useKeep } from '../../components/use-keep.ts';
import { telemetryStore, useUsedVram } from '../../stores/telemetry.ts';
import { loadShare } from './load-share.ts';

/**
 * A model that is being loaded: the seconds, and the bytes that its machine has taken since. A server says nothing until
 * a load has ended, so the bytes are what its GPU reports.
 */
export function LoadProgress({
  node,
  model,
  since,
  target,
  neededBytes,
  usualMs,
}: {
  node: NodeView;
  model: string;
  since: number;
  target: 'gpu' | 'cpu';
  /** What it will take, as far as that is known. */
  neededBytes: number | null;
  /** How long earlier loads took; null if it never was loaded. */
  usualMs: number | null;
}) {
  useKeep(telemetryStore);
  const now = useNow();
  const used = useUsedVram(node);
  const [before] = useState(used);
  const tookMs = Math.max(0, now - since);
  const takenBytes = target === 'gpu' && used !== null && before !== null ? Math.max(0, used - before) : null;
  const parts = [
    formatElapsed(tookMs),
    ...(usualMs === null ? [] : [`usually ${formatElapsed(usualMs)}`]),
    ...(takenBytes === null || neededBytes === null
      ? []
      : [`${formatMemory(Math.min(takenBytes, neededBytes))} of ${formatMemory(neededBytes)} in VRAM`]),
  ];
  const text = parts.join(' · ');
  return (
    <div className="grid gap-1.5 rounded-lg border border-line bg-ground p-3">
      <p className="text-[0.8125rem]">
        Loading {model} on the {target.toUpperCase()} of {node.name}
      </p>
      <Progress
        value={loadShare({ tookMs, usualMs, takenBytes, neededBytes })}
        label={`Loading ${model}`}
        valueText={text}
        tone="ember"
      />
      <p className="text-xs text-soft tabular-nums">{text}</p>
    </div>
  );
}
