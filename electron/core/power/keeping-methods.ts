import type { Handlers } from '../runtime/handlers.ts';
import type { KeepingService } from './keeping.ts';

export function keepingMethods({
  keeping,
}: {
  keeping: KeepingService;
}): Handlers<'power.list' | 'power.setPolicy' | 'power.keepAwake' | 'power.release'> {
  return {
    'power.list': () => keeping.list(),
    'power.setPolicy': ({ nodeId, policy }) => keeping.setPolicy(nodeId, policy),
    'power.keepAwake': (request) => keeping.keepAwake(request),
    async 'power.release'({ nodeId, leaseId }, { signal }) {
      await keeping.release(nodeId, leaseId, signal);
      return { ok: true };
    },
  };
}
