import type { Handlers } from '../runtime/handlers.ts';
import type { ShutdownService } from './service.ts';

export function shutdownMethods({
  shutdown,
}: {
  shutdown: ShutdownService;
}): Handlers<'power.list' | 'power.setPolicy' | 'power.off' | 'power.cancelOff' | 'power.restartOllama'> {
  return {
    'power.list': () => shutdown.list(),
    'power.setPolicy': ({ nodeId, policy }) => shutdown.setPolicy(nodeId, policy),
    'power.off': (request, { signal }) => shutdown.powerOff(request, signal),
    'power.cancelOff': ({ nodeId }, { signal }) => shutdown.cancelPowerOff(nodeId, signal),
    async 'power.restartOllama'({ nodeId, force }, { signal }) {
      await shutdown.restartOllama({ nodeId, force }, signal);
      return { ok: true };
    },
  };
}
