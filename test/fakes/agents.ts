/** A fleet without agents. */
import type { FleetAgents } from '../../electron/core/fleet/dependencies.ts';
import type { TelemetryDependencies } from '../../electron/core/telemetry/service.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';

export const noAgents: FleetAgents & TelemetryDependencies['agents'] = {
  probe: () => Promise.reject(new PilotlightError('NO_AGENT')),
  reading: () => null,
  freshReading: async () => null,
  runnerParent: () => null,
  gpuFound: () => null,
  gpuTools: () => ({ kind: 'unknown' }),
  serverReport: () => null,
  mayRestartOllama: () => false,
  takePaired: () => null,
  pairedToken: () => null,
  tokenChanged: () => {},
  leave: () => {},
};
