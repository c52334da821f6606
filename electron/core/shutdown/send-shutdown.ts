/** Telling a machine to go: by its agent, by an existing shutdown server, or by the simulator. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { Trouble } from '../../../shared/models/fleet.ts';
import type { NodePower, PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { isOn } from '../agents/awake.ts';
import type { FleetService } from '../fleet/service.ts';
import { canDo } from '../policies/policy.ts';
import type { Http } from '../ports/network.ts';
import { askShutdownServer } from './shutdown-client.ts';

export interface OffRequest {
  nodeId: string;
  /** By the node's policy where it is left out. */
  action?: PowerAction | undefined;
  force: boolean;
  countdownSeconds: number;
  /** Who asks, in words. */
  by: string;
  /** Whether it is still to go, read right before each act; left out where a person asks. */
  still?: () => boolean;
}

export const actionVerbs: Record<PowerAction, string> = {
  shutdown: 'shut down',
  sleep: 'sleep',
  hibernate: 'hibernate',
  restart: 'restart',
};

export interface TellDependencies {
  http: Http;
  fleet: Pick<FleetService, 'record' | 'shutdownSecret' | 'simulation'>;
  agents: Pick<AgentAccess, 'link'>;
  means(nodeId: string): NodePower['means'];
}

/** Who powers it off, as things are now. Throws NOT_FOUND, AGENT_REFUSED, CANNOT_POWER_OFF, NODE_ASLEEP, NOT_SUPPORTED. */
export function requireMeans(
  {
    fleet,
    agents,
    means,
  }: { fleet: Pick<FleetService, 'require'>; agents: Pick<AgentAccess, 'view'> } & Pick<
    TellDependencies,
    'means'
  >,
  nodeId: string,
  action: PowerAction,
  /** It has just answered, whatever was seen of it before. */
  answered: boolean,
): NodePower['means'] {
  const node = fleet.require(nodeId);
  const agent = agents.view(nodeId);
  const by = means(nodeId);
  if (by === 'none') {
    const code = agent?.state === 'refused' ? 'AGENT_REFUSED' : 'CANNOT_POWER_OFF';
    throw new PilotlightError(code, { details: { nodeId } });
  }
  if (!answered && !isOn(node, agent)) throw new PilotlightError('NODE_ASLEEP', { details: { nodeId } });
  if (!canDo(by, action)) {
    throw new PilotlightError('NOT_SUPPORTED', {
      message: `From here this machine cannot ${actionVerbs[action]}.`,
      details: { nodeId, action },
    });
  }
  return by;
}

/** Resolves when it has taken it on, an agent with its countdown. Rejects with CANNOT_POWER_OFF, and as they do. */
export async function tellMachine(
  { http, fleet, agents, means }: TellDependencies,
  { nodeId, countdownSeconds, force, by }: OffRequest,
  action: PowerAction,
  signal: AbortSignal,
): Promise<void> {
  switch (means(nodeId)) {
    case 'agent': {
      const link = agents.link(nodeId);
      if (link === null) break;
      await link.powerOff({ action, countdownSeconds, force, by }, signal);
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

export function troubleOf(error: unknown): Trouble {
  const known = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  return { code: known.code, message: known.message, next: known.next };
}
