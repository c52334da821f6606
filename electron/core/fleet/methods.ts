import type { Handlers } from '../runtime/handlers.ts';
import type { FleetService } from './service.ts';

type FleetMethod =
  | 'fleet.list'
  | 'fleet.add'
  | 'fleet.update'
  | 'fleet.remove'
  | 'fleet.look'
  | 'fleet.attend'
  | 'fleet.simulate'
  | 'simulator.sleep'
  | 'simulator.faults'
  | 'simulator.setFault';

const done = { ok: true } as const;

export function fleetMethods({ service }: { service: FleetService }): Handlers<FleetMethod> {
  return {
    'fleet.list': () => service.list(),
    'fleet.add': (input) => service.add(input),
    'fleet.update': ({ nodeId, ...patch }) => service.update(nodeId, patch),
    'fleet.remove': ({ nodeId }) => {
      service.remove(nodeId);
      return done;
    },
    'fleet.look': ({ nodeId }) => service.probe(nodeId),
    'fleet.attend': () => {
      service.markActive();
      return done;
    },
    'fleet.simulate': ({ on }) => service.simulate(on),
    'simulator.sleep': async ({ nodeId }) => {
      await service.simulation.sleep(nodeId);
      return done;
    },
    'simulator.faults': ({ nodeId }) => service.simulation.faults(nodeId),
    'simulator.setFault': ({ nodeId, fault, on }) => {
      service.simulation.setFault(nodeId, fault, on);
      service.probeSoon(nodeId);
      return done;
    },
  };
}
