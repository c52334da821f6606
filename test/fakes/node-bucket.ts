import type { NodeBucket } from '../../shared/models/telemetry.ts';

/** A minute of a node that served, and of whose GPUs nothing is known. */
export const aNodeBucket = (changes: Partial<NodeBucket> = {}): NodeBucket => ({
  at: 0,
  seconds: 60,
  servingSeconds: 60,
  vectors: 0,
  vramTotalBytes: null,
  vramUsedBytes: null,
  vramUsedMinBytes: null,
  vramUsedMaxBytes: null,
  utilisationPercent: null,
  utilisationMinPercent: null,
  utilisationMaxPercent: null,
  powerWatts: null,
  powerMinWatts: null,
  powerMaxWatts: null,
  temperatureCelsius: null,
  temperatureMinCelsius: null,
  temperatureMaxCelsius: null,
  vramByModel: {},
  ...changes,
});
