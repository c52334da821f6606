import type { Handlers } from '../runtime/handlers.ts';
import type { GatewayService } from './service.ts';

export function gatewayMethods({
  gateway,
}: {
  gateway: GatewayService;
}): Handlers<'gateway.get' | 'gateway.stats'> {
  return {
    'gateway.get': () => gateway.view(),
    'gateway.stats': () => gateway.stats(),
  };
}
