import type { Handlers } from '../runtime/handlers.ts';
import type { WakeService } from './service.ts';

export function wakeMethods({
  wake,
}: {
  wake: WakeService;
}): Handlers<'power.wake' | 'power.wakes' | 'power.cancelWake'> {
  return {
    'power.wake': ({ nodeId }) => wake.wake(nodeId),
    'power.wakes': () => wake.wakes(),
    'power.cancelWake': ({ nodeId }) => wake.cancelWake(nodeId),
  };
}
