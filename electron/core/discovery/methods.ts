import type { Handlers } from '../runtime/handlers.ts';
import type { DiscoveryService } from './service.ts';

export function discoveryMethods({
  discovery,
}: {
  discovery: DiscoveryService;
}): Handlers<
  'discovery.networks' | 'discovery.state' | 'discovery.start' | 'discovery.cancel' | 'discovery.inspect'
> {
  return {
    'discovery.networks': () => discovery.networks(),
    'discovery.state': () => discovery.current(),
    'discovery.start': (input) => discovery.start(input),
    'discovery.cancel': () => discovery.cancel(),
    'discovery.inspect': ({ address }, { signal }) => discovery.inspect(address, signal),
  };
}
