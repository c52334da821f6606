/** Wake attribution, leases and shutdown as the core puts them together, over the ports of a test. */
import { createLeasesService, type LeasesDependencies } from '../../electron/core/leases/service.ts';
import { createShutdownBy } from '../../electron/core/policies/shutdown-by.ts';
import { createLifecycle } from '../../electron/core/runtime/lifecycle.ts';
import { createShutdownService, type ShutdownDependencies } from '../../electron/core/shutdown/service.ts';
import {
  createWakeAttribution,
  type WakeAttributionDependencies,
} from '../../electron/core/wake/wake-attribution.ts';

export type PowerServicesDependencies = Omit<LeasesDependencies, 'shutdownBy' | 'attribution' | 'wakes'> &
  Omit<ShutdownDependencies, 'shutdownBy' | 'leases' | 'attribution' | 'wakes'> &
  Pick<WakeAttributionDependencies, 'wakes'>;

export function createPowerServices(dependencies: PowerServicesDependencies) {
  const shutdownBy = createShutdownBy(dependencies);
  const attribution = createWakeAttribution(dependencies);
  const leases = createLeasesService({ ...dependencies, shutdownBy, attribution });
  const shutdown = createShutdownService({ ...dependencies, shutdownBy, leases, attribution });
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
