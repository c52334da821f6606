/** Whether there is room for a model on the GPU now, and what uses the VRAM if there is not. Pure. */
import type { LoadedModel, VramShortage } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { type Fit, fitOnGpu, type PredictedSize, type VramState } from './fit.ts';
import { foreignUse } from './holders.ts';

export type Room =
  | Extract<Fit, { kind: 'fits' }>
  /** It would fit without the other programs that use VRAM; unloading models is not enough. */
  | { kind: 'taken'; shortage: VramShortage }
  /** It does not fit, whatever is closed or unloaded. */
  | { kind: 'too-large'; shortage: VramShortage }
  /** It is unknown how much is free, or how much it needs. */
  | { kind: 'unknown' };

export function roomOnGpu(input: {
  size: PredictedSize | null;
  vram: VramState | null;
  gpus: readonly GpuReading[] | null;
  own: LoadedModel | null;
  others: readonly LoadedModel[];
  inFlight: (model: string) => number;
}): Room {
  const { size, vram, own, others } = input;
  if (size === null || vram === null) return { kind: 'unknown' };
  const fit = fitOnGpu({ ...input, size, vram });
  if (fit.kind === 'fits') return fit;

  const models = own === null ? others : [own, ...others];
  const foreign = foreignUse(input.gpus, models);
  const inModels = models.reduce((sum, model) => sum + model.vramBytes, 0);
  const shortage: VramShortage = {
    neededBytes: size.bytes,
    measured: size.measured,
    totalBytes: vram.totalBytes,
    availableBytes: Math.min(vram.totalBytes, vram.freeBytes + inModels),
    holders: foreign?.holders ?? [],
    evicts: fit.victims,
  };
  if (foreign === null) return { kind: 'too-large', shortage };
  const without = fitOnGpu({ ...input, size, vram: withFreed(vram, foreign.bytes) });
  return { kind: without.kind === 'fits' ? 'taken' : 'too-large', shortage };
}

/** The VRAM as it would be without the other programs. */
function withFreed(vram: VramState, bytes: number): VramState {
  const freeBytes = Math.min(vram.totalBytes, vram.freeBytes + bytes);
  return { ...vram, freeBytes, freeOnOneBytes: Math.min(vram.freeOnOneBytes + bytes, freeBytes) };
}
