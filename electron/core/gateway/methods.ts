import type { Handlers } from '../runtime/handlers.ts';
import type { GatewayService } from './service.ts';

export function gatewayMethods({
  gateway,
}: {
  gateway: GatewayService;
}): Handlers<'gateway.get' | 'gateway.stats' | 'gateway.policy'> {
  return {
    'gateway.get': () => gateway.view(),
    'gateway.stats': () => gateway.stats(),
    'gateway.policy': (request) => gateway.policy(request),
  };
}
