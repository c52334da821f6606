import type { PowerHistory } from '../energy/power-history.ts';
import type { Handlers } from '../runtime/handlers.ts';
import type { PowerService } from './service.ts';

export function powerMethods({
  service,
  history,
}: {
  service: PowerService;
  history: PowerHistory;
}): Handlers<'power.wake' | 'power.wakes' | 'power.cancelWake' | 'power.timeline' | 'power.energy'> {
  return {
    'power.wake': ({ nodeId }) => service.wake(nodeId),
    'power.wakes': () => service.wakes(),
    'power.cancelWake': ({ nodeId }) => service.cancelWake(nodeId),
    'power.timeline': ({ nodeId, hours }) => history.timeline(nodeId, hours),
    'power.energy': ({ range, nodeId }) => history.energy(range, nodeId),
  };
}
