/** Wake attribution, leases and shutdown as the core puts them together, over the ports of a test. */
import { createLeasesService, type LeasesDependencies } from '../../electron/core/leases/service.ts';
import { createMeans } from '../../electron/core/policies/means.ts';
import { createLifecycle } from '../../electron/core/runtime/lifecycle.ts';
import { createShutdownService, type ShutdownDependencies } from '../../electron/core/shutdown/service.ts';
import {
  createWakeAttribution,
  type WakeAttributionDependencies,
} from '../../electron/core/wake/wake-attribution.ts';

export type PowerServicesDependencies = Omit<LeasesDependencies, 'means' | 'attribution' | 'wakes'> &
  Omit<ShutdownDependencies, 'means' | 'leases' | 'attribution' | 'wakes'> &
  Pick<WakeAttributionDependencies, 'wakes'>;

export function createPowerServices(dependencies: PowerServicesDependencies) {
  const means = createMeans(dependencies);
  const attribution = createWakeAttribution(dependencies);
  const leases = createLeasesService({ ...dependencies, means, attribution });
  const shutdown = createShutdownService({ ...dependencies, means, leases, attribution });
  return {
    leases,
    shutdown,
    leave(nodeId: string) {
      leases.leave(nodeId);
      shutdown.agentLeft(nodeId);
    },
    power: createLifecycle({ attribution, leases, shutdown }, dependencies.log),
  };
}
