import type { powerMethods, powerOffMethods } from '../../../shared/contract/power.ts';
import type { Handlers } from '../runtime/handlers.ts';
import type { KeepingService } from './service.ts';

export function keepingMethods({
  keeping,
}: {
  keeping: KeepingService;
}): Handlers<keyof typeof powerMethods | keyof typeof powerOffMethods> {
  return {
    'power.list': () => keeping.list(),
    'power.setPolicy': ({ nodeId, policy }) => keeping.setPolicy(nodeId, policy),
    'power.keepAwake': (request) => keeping.keepAwake(request),
    async 'power.release'({ nodeId, leaseId }, { signal }) {
      await keeping.release(nodeId, leaseId, signal);
      return { ok: true };
    },
    'power.off': (request, { signal }) => keeping.off(request, signal),
    'power.cancelOff': ({ nodeId }, { signal }) => keeping.cancelOff(nodeId, signal),
    async 'power.restartOllama'({ nodeId }, { signal }) {
      await keeping.restartOllama(nodeId, signal);
      return { ok: true };
    },
  };
}
