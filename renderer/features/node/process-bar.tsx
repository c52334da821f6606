import { useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { formatMemory } from '../../../shared/units.ts';
import { PartsMeter } from '../../components/meter.tsx';
import { telemetryStore } from '../../stores/telemetry.ts';
import { processShares } from './processes.ts';

const colours = [
  'var(--series-0)',
  'var(--series-1)',
  'var(--series-2)',
  'var(--series-6)',
  'var(--series-4)',
];
const none: readonly GpuReading[] = [];
const colourOf = (index: number) => colours[index] ?? 'var(--series-other)';

/** Current VRAM use by program; nothing if no agent reports it. */
export function ProcessBar({ node }: { node: NodeView }) {
  const gpus = telemetryStore.use((state) => state.entries[node.id]?.gpus ?? none);
  const shares = useMemo(() => processShares(gpus), [gpus]);
  if (shares.length === 0) return null;
  const known = shares.reduce((sum, share) => sum + (share.bytes ?? 0), 0);
  const whole = Math.max(node.vram.totalBytes ?? known, 1);
  const sizeText = (bytes: number | null) => (bytes === null ? 'size unknown' : formatMemory(bytes));
  return (
    <div className="mt-3 grid gap-2 border-t border-line pt-3 text-[0.8125rem]">
      <p className="font-medium">VRAM by process, now</p>
      {known > 0 && (
        <PartsMeter
          label={`VRAM by process: ${shares.map(({ name, bytes }) => `${name} ${sizeText(bytes)}`).join(', ')}`}
          parts={shares.map(({ name, bytes }, index) => ({
            key: name,
            share: (bytes ?? 0) / whole,
            colour: colourOf(index),
            title: `${name} ${sizeText(bytes)}`,
          }))}
        />
      )}
      <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs" aria-label="Processes in VRAM">
        {shares.map(({ name, bytes }, index) => (
          <li key={name} className="flex min-w-0 items-center gap-1.5">
            <span
              aria-hidden="true"
              className="size-2 shrink-0 rounded-[2px]"
              style={{ background: colourOf(index) }}
            />
            <span className="min-w-0 truncate">{name}</span>
            <span className="shrink-0 text-faint">{sizeText(bytes)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
