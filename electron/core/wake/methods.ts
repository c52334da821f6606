import type { Handlers } from '../runtime/handlers.ts';
import type { WakeService } from './service.ts';

export function wakeMethods({ wake }: { wake: WakeService }): Handlers<'power.wake' | 'power.cancelWake'> {
  return {
    'power.wake': ({ nodeId }) => wake.wake(nodeId),
    'power.cancelWake': ({ nodeId }) => wake.cancelWake(nodeId),
  };
}
