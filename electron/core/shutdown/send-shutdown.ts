/** Sends a power action to a machine: through its agent, an existing shutdown server, or the simulator. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { isOn } from '../agents/awake.ts';
import type { FleetService } from '../fleet/service.ts';
import { canDo } from '../policies/policy.ts';
import type { Http } from '../ports/network.ts';
import { askShutdownServer } from './shutdown-client.ts';

export interface ShutdownRequest {
  nodeId: string;
  /** Default: the action of the node's policy. */
  action?: PowerAction | undefined;
  force: boolean;
  countdownSeconds: number;
  /** Who requested it; null for Pilotlight itself, because the machine is idle. */
  by: string | null;
  /** Read right before each step; false cancels the shutdown. Left out for a person's request. */
  isStillDue?: () => boolean;
}

export interface SendShutdownDependencies {
  http: Http;
  fleet: Pick<FleetService, 'record' | 'shutdownSecret' | 'simulation'>;
  agents: Pick<AgentAccess, 'link'>;
  shutdownBy(nodeId: string): NodePower['means'];
}

/** What can power the node off now. Throws NOT_FOUND, AGENT_REFUSED, CANNOT_POWER_OFF, NODE_ASLEEP, NOT_SUPPORTED. */
export function requireShutdownBy(
  {
    fleet,
    agents,
    shutdownBy,
  }: { fleet: Pick<FleetService, 'require'>; agents: Pick<AgentAccess, 'view'> } & Pick<
    SendShutdownDependencies,
    'shutdownBy'
  >,
  nodeId: string,
  action: PowerAction,
  /** It has just answered, whatever its state says. */
  answered: boolean,
): NodePower['means'] {
  const node = fleet.require(nodeId);
  const agent = agents.view(nodeId);
  const by = shutdownBy(nodeId);
  if (by === 'none') {
    const code = agent?.state === 'refused' ? 'AGENT_REFUSED' : 'CANNOT_POWER_OFF';
    throw new PilotlightError(code, { details: { nodeId } });
  }
  if (!answered && !isOn(node, agent)) throw new PilotlightError('NODE_ASLEEP', { details: { nodeId } });
  if (!canDo(by, action)) {
    throw new PilotlightError('NOT_SUPPORTED', {
      message: fact('CANNOT_DO_ACTION', { action }),
      details: { nodeId, action },
    });
  }
  return by;
}

/** Resolves when the action was accepted; an agent may then count down. Rejects with CANNOT_POWER_OFF and as each of them does. */
export async function sendShutdown(
  { http, fleet, agents, shutdownBy }: SendShutdownDependencies,
  { nodeId, countdownSeconds, force, by }: ShutdownRequest,
  action: PowerAction,
  signal: AbortSignal,
): Promise<void> {
  switch (shutdownBy(nodeId)) {
    case 'agent': {
      const link = agents.link(nodeId);
      if (link === null) break;
      await link.powerOff({ action, countdownSeconds, force, by: by ?? 'Pilotlight' }, signal);
      return;
    }
    case 'server': {
      const url = fleet.record(nodeId)?.shutdownUrl;
      if (!url) break;
      await askShutdownServer({ http, url, secret: fleet.shutdownSecret(nodeId) }, signal);
      return;
    }
    case 'simulator':
      await fleet.simulation.sleep(nodeId);
      return;
    case 'none':
  }
  throw new PilotlightError('CANNOT_POWER_OFF', { details: { nodeId } });
}
