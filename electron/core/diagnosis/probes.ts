/** What a diagnosis asks, each once and each with its own deadline. Everything here only reads. */
import { DEFAULT_RELAY_PORT } from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import { isIn } from '../../../shared/network/broadcast.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { textOf } from '../../../shared/text/index.ts';
import { ask } from '../discovery/ask.ts';
import { hostsOfNode } from '../discovery/machine.ts';
import { networksOf } from '../discovery/subnets.ts';
import type { FleetService } from '../fleet/service.ts';
import { isLoopbackHost } from '../fleet/validate.ts';
import { unavailableReason } from '../fleet/wakeable.ts';
import type { AgentHealth, AgentMachine, AgentPower, AgentSample, ConnectAgent } from '../ports/agents.ts';
import type { ConnectInferenceServer } from '../ports/inference.ts';
import type { LocalHardware } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Http, Surroundings, Udp } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { describeMethod } from '../wake/wake-methods.ts';
import type { RouteFacts, WayFacts } from './judge-network.ts';
import type { Probe } from './verdict.ts';

export interface ProbeDependencies {
  clock: Clock;
  log: Log;
  http: Http;
  udp: Pick<Udp, 'interfaces'>;
  surroundings: Pick<Surroundings, 'neighbours' | 'resolve'>;
  fleet: Pick<FleetService, 'get' | 'record' | 'agentToken'>;
  connectAgent: ConnectAgent;
  connectInferenceServer: ConnectInferenceServer;
  /** This computer's own tools. */
  hardware?: Pick<LocalHardware, 'readGpus'>;
}

/** A healthy machine answers in milliseconds; one that only just woke may need seconds. */
export const PROBE_DEADLINE_MS = 5000;
/** The agent asks its tools first. */
const MACHINE_DEADLINE_MS = 10_000;

export interface ServerAnswer {
  version: string;
  loaded: LoadedModel[];
}

export interface MachineAnswer {
  machine: AgentMachine;
  sample: AgentSample;
  /** Our own time when it was read. */
  readAt: number;
}

export type Probes = ReturnType<typeof createProbes>;

export function createProbes(dependencies: ProbeDependencies, node: NodeView, signal: AbortSignal) {
  const { clock, log, http, udp, surroundings, fleet, connectAgent, connectInferenceServer } = dependencies;
  const { url, agentUrl } = node;
  const host = hostsOfNode({ url, agentUrl })[0] ?? null;
  const token = fleet.agentToken(node.id);
  const isAddress = host !== null && (readIpv4(host) !== null || host.includes(':'));
  const isLocal = host !== null && isLoopbackHost(host);

  /** Rejects with the signal's reason alone. */
  async function probe<Value>(
    work: (signal: AbortSignal) => Promise<Value>,
    deadlineMs = PROBE_DEADLINE_MS,
  ): Promise<Probe<Value>> {
    const startedAt = clock.monotonic();
    try {
      const value = await withDeadline(clock, deadlineMs, signal, work);
      return { ok: true, value, tookMs: clock.monotonic() - startedAt };
    } catch (error) {
      signal.throwIfAborted();
      if (isPilotlightError(error)) return { ok: false, error };
      log.error('A diagnosis met an unforeseen failure.', { nodeId: node.id, error: String(error) });
      return { ok: false, error: new PilotlightError('INTERNAL') };
    }
  }

  const name = once(async () =>
    host === null || isAddress || isLocal ? null : probe((limited) => surroundings.resolve(host, limited)),
  );

  const server = once(async (): Promise<Probe<ServerAnswer> | null> => {
    if (url === null) return null;
    const connection = connectInferenceServer(url);
    return probe(async (limited) => {
      const [loaded, version] = await Promise.all([connection.loaded(limited), connection.version(limited)]);
      return { version, loaded };
    });
  });

  const agent = once(
    async (): Promise<Probe<AgentHealth> | null> =>
      agentUrl === null ? null : probe(connectAgent({ url: agentUrl, token: null }).health),
  );

  const machine = once(async (): Promise<Probe<MachineAnswer> | null> => {
    if (agentUrl === null || token === null || !(await agent())?.ok) return null;
    const link = connectAgent({ url: agentUrl, token });
    return probe(
      async (limited) => ({ ...(await link.machine(limited)), readAt: clock.now() }),
      MACHINE_DEADLINE_MS,
    );
  });

  /** Names of this computer's GPUs, and why there may be more of them; null for another machine. */
  const ownGpus = once(async (): Promise<{ names: string[]; problem: string | null } | null> => {
    const { hardware } = dependencies;
    if (node.kind !== 'this-computer' || hardware === undefined) return null;
    try {
      const gpus = await withDeadline(clock, PROBE_DEADLINE_MS, signal, hardware.readGpus);
      return { names: gpus.map(({ name }) => name), problem: null };
    } catch (error) {
      signal.throwIfAborted();
      return { names: [], problem: error instanceof Error ? error.message : String(error) };
    }
  });

  const power = once(async (): Promise<Probe<AgentPower> | null> => {
    const health = await agent();
    if (agentUrl === null || token === null || !health?.ok || !health.value.roles.includes('power'))
      return null;
    // A wrong token makes the agent slow: it is not shown twice.
    const before = await machine();
    if (before?.ok === false && before.error.code === 'AGENT_REFUSED') return before;
    return probe(connectAgent({ url: agentUrl, token }).power);
  });

  const address = async () => {
    if (host === null || isLocal) return null;
    if (isAddress) return host;
    const found = await name();
    return found?.ok ? (found.value[0] ?? null) : null;
  };

  const neighbourMac = once(async () => {
    // Whoever answered a moment ago is in the table.
    await Promise.all([server(), agent()]);
    const own = await address();
    if (own === null) return null;
    const table = await probe(surroundings.neighbours);
    return table.ok ? (table.value.find((one) => one.address === own)?.mac ?? null) : null;
  });

  const health = (base: string) => ask(http, base, { deadlineMs: PROBE_DEADLINE_MS, signal, only: 'health' });

  async function askRelay(base: string): Promise<Probe<{ remark: string }>> {
    const startedAt = clock.monotonic();
    const { recognised, failure } = await health(base);
    if (failure !== null) return { ok: false, error: failure };
    const known =
      recognised?.kind === 'relay' || (recognised?.kind === 'agent' && recognised.roles.includes('relay'));
    const remark = known ? '' : ', though not in the way of relays that are known';
    return { ok: true, value: { remark }, tookMs: clock.monotonic() - startedAt };
  }

  async function askAgentWay(nodeId: string): Promise<Probe<{ remark: string }>> {
    const other = fleet.get(nodeId)?.agentUrl ?? null;
    if (other === null) return { ok: false, error: new PilotlightError('NO_AGENT') };
    const answer = await probe(connectAgent({ url: other, token: null }).health);
    if (!answer.ok) return answer;
    if (answer.value.roles.includes('relay')) return { ...answer, value: { remark: '' } };
    const relay = new URL(other);
    relay.port = String(DEFAULT_RELAY_PORT);
    const { recognised } = await health(relay.href.replace(/\/+$/, ''));
    if (recognised?.kind === 'agent' && recognised.roles.includes('relay'))
      return { ...answer, value: { remark: '' } };
    return {
      ok: false,
      error: new PilotlightError('NOT_SUPPORTED', {
        message: 'It has no relay role.',
        next: 'Start the agent there with `--role relay`.',
      }),
    };
  }

  const hasAgent = (nodeId: string) =>
    (fleet.get(nodeId)?.agentUrl ?? null) !== null && fleet.agentToken(nodeId) !== null;
  const wordsOf = (way: WakeWay) => textOf(describeMethod(way, (nodeId) => fleet.get(nodeId)?.name ?? null));

  function ways(): WayFacts[] {
    const record = fleet.record(node.id);
    if (record === null) return [];
    return record.wakeWays.map((way) => {
      const obstacle = unavailableReason({ ...record, url }, way, hasAgent);
      return { words: wordsOf(way), obstacle: obstacle && textOf(obstacle) };
    });
  }

  async function route(way: WakeWay): Promise<RouteFacts> {
    const words = wordsOf(way);
    switch (way.kind) {
      case 'command':
        return { kind: 'command', words };
      case 'relay':
        return { kind: 'asked', words, answer: await askRelay(way.url) };
      case 'agent':
        return { kind: 'asked', words, answer: await askAgentWay(way.nodeId) };
      case 'direct': {
        const networks = networksOf(udp.interfaces());
        const own = await address();
        return {
          kind: 'direct',
          words,
          isLocal: isLocal || node.kind === 'simulated',
          address: own,
          subnet: own === null ? null : (networks.find(({ subnet }) => isIn(subnet, own))?.subnet ?? null),
          subnets: networks.map(({ subnet }) => subnet),
          named: node.wakeDestinations,
        };
      }
    }
  }

  /** Of the ways that can be gone. */
  const routes = once(async (): Promise<RouteFacts[]> => {
    const record = fleet.record(node.id);
    if (record === null || node.kind === 'this-computer') return [];
    const usable = record.wakeWays.filter(
      (way) => unavailableReason({ ...record, url }, way, hasAgent) === null,
    );
    return Promise.all(usable.map(route));
  });

  const shutdownServer = once(async (): Promise<Probe<{ isShutdownServer: boolean }> | null> => {
    if (node.shutdownUrl === null) return null;
    const startedAt = clock.monotonic();
    const { recognised, failure } = await health(node.shutdownUrl);
    if (failure !== null) return { ok: false, error: failure };
    const isShutdownServer = recognised?.kind === 'shutdown' || recognised?.kind === 'agent';
    return { ok: true, value: { isShutdownServer }, tookMs: clock.monotonic() - startedAt };
  });

  return {
    node,
    host,
    hasToken: token !== null,
    isAddress,
    isLocal,
    name,
    server,
    agent,
    machine,
    ownGpus,
    power,
    neighbourMac,
    ways,
    routes,
    shutdownServer,
  };
}

function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | null = null;
  return () => {
    result ??= work();
    // Several steps wait for it, or none does after a cancel.
    result.catch(() => {});
    return result;
  };
}
