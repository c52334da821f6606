import type { Handlers } from '../runtime/handlers.ts';
import type { PowerService } from './service.ts';

export function powerMethods({
  service,
}: {
  service: PowerService;
}): Handlers<'power.wake' | 'power.cancelWake'> {
  return {
    'power.wake': ({ nodeId }) => service.wake(nodeId),
    'power.cancelWake': ({ nodeId }) => service.cancelWake(nodeId),
  };
}
