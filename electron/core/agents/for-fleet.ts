/** What the fleet asks of its agents. Each depends on the other; neither calls the other before both exist. */
import type { FleetDependencies } from '../fleet/dependencies.ts';
import type { AgentsService } from './model.ts';

export const agentsForFleet = (
  agents: () => AgentsService,
  leave: (nodeId: string) => void,
): FleetDependencies['agents'] => ({
  probe: (nodeId, signal) => agents().probe(nodeId, signal),
  reading: (nodeId) => agents().reading(nodeId),
  gpuFound: (nodeId) => agents().gpuFound(nodeId),
  gpuTools: (nodeId) => agents().gpuTools(nodeId),
  serverReport: (nodeId) => agents().serverReport(nodeId),
  mayRestartOllama: (nodeId) => agents().mayRestartOllama(nodeId),
  takePaired: (url) => agents().takePaired(url),
  pairedToken: (url) => agents().pairedToken(url),
  tokenChanged: (nodeId) => agents().tokenChanged(nodeId),
  leave,
});
