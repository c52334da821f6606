import type { Handlers } from '../runtime/handlers.ts';
import type { LeasesService } from './service.ts';

export function leaseMethods({
  leases,
}: {
  leases: LeasesService;
}): Handlers<'power.keepAwake' | 'power.release'> {
  return {
    'power.keepAwake': (request) => leases.keepAwake(request),
    async 'power.release'({ nodeId, leaseId }, { signal }) {
      await leases.release(nodeId, leaseId, signal);
      return { ok: true };
    },
  };
}
