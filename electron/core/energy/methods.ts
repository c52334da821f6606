import type { Handlers } from '../runtime/handlers.ts';
import type { PowerHistory } from './power-history.ts';

export function energyMethods({
  history,
}: {
  history: PowerHistory;
}): Handlers<'power.timeline' | 'power.energy'> {
  return {
    'power.timeline': ({ nodeId, hours }) => history.timeline(nodeId, hours),
    'power.energy': ({ range, nodeId }) => history.energy(range, nodeId),
  };
}
