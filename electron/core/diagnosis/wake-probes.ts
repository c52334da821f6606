/** What a diagnosis asks about the wake methods of a node. Nothing that would wake it is sent. */
import { DEFAULT_RELAY_PORT } from '../../../shared/contract/agent.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { isIn } from '../../../shared/network/broadcast.ts';
import type { Answer } from '../discovery/ask.ts';
import { networksOf } from '../discovery/subnets.ts';
import type { FleetService } from '../fleet/service.ts';
import { unavailableReason } from '../fleet/wakeable.ts';
import type { ConnectAgent } from '../ports/agents.ts';
import type { Udp } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { describeMethod } from '../wake/wake-methods.ts';
import type { RouteFacts, WakeMethodFacts } from './judge-wake.ts';
import type { Probe } from './verdict.ts';

export interface WakeProbeDependencies {
  clock: Clock;
  udp: Pick<Udp, 'interfaces'>;
  fleet: Pick<FleetService, 'get' | 'record' | 'agentToken'>;
  connectAgent: ConnectAgent;
  probe<Value>(work: (signal: AbortSignal) => Promise<Value>): Promise<Probe<Value>>;
  /** Asks `GET /health` of a base URL. */
  health(baseUrl: string): Promise<Answer>;
  /** The node's IPv4 address elsewhere; null on loopback, and for a name that does not resolve. */
  address(): Promise<string | null>;
  isLoopback: boolean;
}

export function createWakeProbes(dependencies: WakeProbeDependencies, node: NodeView) {
  const { clock, udp, fleet, connectAgent, probe, health, address, isLoopback } = dependencies;

  async function askRelay(baseUrl: string): Promise<Probe<{ known: boolean }>> {
    const startedAt = clock.monotonic();
    const { recognised, failure } = await health(baseUrl);
    if (failure !== null) return { ok: false, error: failure };
    const known =
      recognised?.kind === 'relay' || (recognised?.kind === 'agent' && recognised.roles.includes('relay'));
    return { ok: true, value: { known }, tookMs: clock.monotonic() - startedAt };
  }

  /** An agent with the relay role answers at its own port, or at that of a relay. */
  async function askAgent(nodeId: string): Promise<Probe<{ known: boolean }>> {
    const url = fleet.get(nodeId)?.agentUrl ?? null;
    if (url === null) return { ok: false, error: new PilotlightError('NO_AGENT') };
    const answer = await probe(connectAgent({ url, token: null }).health);
    if (!answer.ok) return answer;
    if (answer.value.roles.includes('relay')) return { ...answer, value: { known: true } };
    const relay = new URL(url);
    relay.port = String(DEFAULT_RELAY_PORT);
    const { recognised } = await health(relay.href.replace(/\/+$/, ''));
    if (recognised?.kind === 'agent' && recognised.roles.includes('relay'))
      return { ...answer, value: { known: true } };
    return {
      ok: false,
      error: new PilotlightError('NOT_SUPPORTED', {
        message: fact('NO_RELAY_ROLE'),
        next: fact('START_RELAY_ROLE'),
      }),
    };
  }

  const hasAgent = (nodeId: string) =>
    (fleet.get(nodeId)?.agentUrl ?? null) !== null && fleet.agentToken(nodeId) !== null;
  const described = (way: WakeWay): Message =>
    describeMethod(way, (nodeId) => fleet.get(nodeId)?.name ?? null);

  /** Its wake methods in their order; null for `unavailable` if it can be used. */
  function methods(): (WakeMethodFacts & { way: WakeWay })[] {
    const record = fleet.record(node.id);
    if (record === null) return [];
    return record.wakeWays.map((way) => ({
      way,
      method: described(way),
      unavailable: unavailableReason({ ...record, url: node.url }, way, hasAgent),
    }));
  }

  async function route(way: WakeWay): Promise<RouteFacts> {
    switch (way.kind) {
      case 'command':
        return { kind: 'command', method: described(way) };
      case 'relay':
        return { kind: 'asked', method: described(way), answer: await askRelay(way.url) };
      case 'agent':
        return { kind: 'asked', method: described(way), answer: await askAgent(way.nodeId) };
      case 'direct': {
        const networks = networksOf(udp.interfaces());
        const own = await address();
        return {
          kind: 'direct',
          isLocal: isLoopback || node.kind === 'simulated',
          address: own,
          subnet: own === null ? null : (networks.find(({ subnet }) => isIn(subnet, own))?.subnet ?? null),
          subnets: networks.map(({ subnet }) => subnet),
          destinations: node.wakeDestinations,
        };
      }
    }
  }

  return {
    methods,
    /** Of the methods that can be used. */
    routes: async (): Promise<RouteFacts[]> =>
      Promise.all(methods().flatMap(({ way, unavailable }) => (unavailable === null ? route(way) : []))),
  };
}
