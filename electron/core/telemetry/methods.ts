import type { Handlers } from '../runtime/handlers.ts';
import type { TelemetryService } from './service.ts';

export function telemetryMethods({
  telemetry,
}: {
  telemetry: TelemetryService;
}): Handlers<
  | 'telemetry.latest'
  | 'telemetry.history'
  | 'telemetry.work'
  | 'telemetry.queues'
  | 'telemetry.buckets'
  | 'telemetry.workBuckets'
  | 'telemetry.queueBuckets'
> {
  return {
    'telemetry.latest': ({ nodeId }, { signal }) => telemetry.latest(nodeId ?? null, signal),
    'telemetry.history': ({ nodeId }) => telemetry.history(nodeId),
    'telemetry.work': () => telemetry.work(),
    'telemetry.queues': () => telemetry.queues(),
    'telemetry.buckets': ({ nodeId, range, atMost }) => telemetry.buckets(nodeId ?? null, range, atMost),
    'telemetry.workBuckets': ({ range, atMost }) => telemetry.workBuckets(range, atMost),
    'telemetry.queueBuckets': ({ range, atMost }) => telemetry.queueBuckets(range, atMost),
  };
}
