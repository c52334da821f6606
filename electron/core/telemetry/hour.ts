/** Minutes that were kept, as the samples that an hour is made of: a chart of the hour survives a restart. */
import type {
  NodeBucket,
  TelemetrySample,
  WorkBucket,
  WorkSample,
} from '../../../shared/models/telemetry.ts';

/** As often as a quiet node is written down. */
const GRAIN_MS = 30_000;

/**
 * VRAM by model at the minute's means, for minutes over by `before`. What is not kept, the readings of single
 * GPUs and of the host, is left empty.
 */
export function toSamples(nodeId: string, minutes: readonly NodeBucket[], before: number): TelemetrySample[] {
  return minutes
    .filter((minute) => minute.servingSeconds > 0)
    .flatMap((minute) =>
      moments(minute, before).map((at) => ({
        nodeId,
        at,
        gpus: [],
        host: null,
        vramByModel: minute.vramByModel,
      })),
    );
}

/** Vectors a second at the minute's means, for minutes over by `before`. */
export function toWorkSamples(minutes: readonly WorkBucket[], before: number): WorkSample[] {
  return minutes.flatMap((minute) => {
    const rates = Object.fromEntries(
      Object.entries(minute.vectorsByNode).map(([nodeId, vectors]) => [nodeId, vectors / minute.seconds]),
    );
    return moments(minute, before).map((at) => ({ at, vectorsPerSecondByNode: rates }));
  });
}

function moments({ at, seconds }: { at: number; seconds: number }, before: number): number[] {
  const end = at + seconds * 1000;
  if (end > before) return [];
  return Array.from({ length: Math.floor((seconds * 1000) / GRAIN_MS) }, (_, index) => at + index * GRAIN_MS);
}
