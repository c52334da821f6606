/** What other programs send: the gateway, and the requests that come through it. */
import { createGatewayService, type GatewayDependencies, type GatewayService } from './gateway/service.ts';
import {
  createRequestsService,
  type RequestsDependencies,
  type RequestsService,
} from './requests/service.ts';
import type { TelemetryService } from './telemetry/service.ts';

export function createOtherPrograms(
  dependencies: Omit<GatewayDependencies, 'telemetry'> &
    Omit<RequestsDependencies, 'credentialName' | 'onWaiting'> & {
      telemetry: GatewayDependencies['telemetry'] & Pick<TelemetryService, 'recordQueue'>;
    },
): { gateway: GatewayService; requests: RequestsService } {
  const { access, telemetry } = dependencies;
  return {
    gateway: createGatewayService(dependencies),
    requests: createRequestsService({
      ...dependencies,
      credentialName: access.nameOf,
      onWaiting: (count) => telemetry.recordQueue('requests', count),
    }),
  };
}
