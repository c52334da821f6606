import type { GatewayView } from '../../shared/models/gateway.ts';
import { createStreamStore } from './keyed.ts';

export const gatewayStore = createStreamStore('gateway');

/** null while it is not known. */
export const useGateway = (): GatewayView | null =>
  gatewayStore.use((state) => state.entries.gateway ?? null);
