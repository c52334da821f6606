/** Turns stored minutes into samples, so that the chart of the last hour survives a restart. */
import type {
  NodeBucket,
  TelemetrySample,
  WorkBucket,
  WorkSample,
} from '../../../shared/models/telemetry.ts';

/** The interval at which a quiet node is sampled. */
const GRAIN_MS = 30_000;

/**
 * VRAM by model from the means of minutes that end by `before`. Readings of single GPUs and the host are not stored, so
 * they are empty.
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

/** Vectors per second from the means of minutes that end by `before`. */
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
