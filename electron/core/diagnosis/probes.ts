/** What a diagnosis asks, each thing once and with its own deadline. Everything here only reads. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import { ask } from '../discovery/ask.ts';
import { hostsOfNode } from '../discovery/machine.ts';
import type { FleetService } from '../fleet/service.ts';
import { isLoopbackHost } from '../fleet/validate.ts';
import type { AgentHealth, AgentMachine, AgentPower, AgentSample, ConnectAgent } from '../ports/agents.ts';
import type { ConnectInferenceServer } from '../ports/inference.ts';
import type { LocalHardware } from '../ports/local-machine.ts';
import type { Log } from '../ports/log.ts';
import type { Http, Surroundings, Udp } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { GpuTools } from './judge-gpu.ts';
import { placeOf } from './own-address.ts';
import type { Probe } from './verdict.ts';
import { createWakeProbes } from './wake-probes.ts';

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

/** A healthy machine answers in milliseconds; one that just woke may need seconds. */
export const PROBE_DEADLINE_MS = 5000;
/** The agent first asks its tools. */
const MACHINE_DEADLINE_MS = 10_000;

export interface ServerAnswer {
  product: string;
  /** null if it does not say. */
  version: string | null;
  loaded: LoadedModel[];
}

export interface MachineAnswer {
  machine: AgentMachine;
  sample: AgentSample;
  /** When it was read, by this computer's clock. */
  readAt: number;
}

export type Probes = ReturnType<typeof createProbes>;

/** Each probe rejects only with the signal's reason. */
export function createProbes(dependencies: ProbeDependencies, node: NodeView, signal: AbortSignal) {
  const { clock, log, http, udp, surroundings, fleet, connectAgent, connectInferenceServer } = dependencies;
  const { url, agentUrl } = node;
  const host = hostsOfNode({ url, agentUrl })[0] ?? null;
  const token = fleet.agentToken(node.id);
  const isAddress = host !== null && (readIpv4(host) !== null || host.includes(':'));
  const isLoopback = host !== null && isLoopbackHost(host);

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
      log.error('A probe of a diagnosis failed unexpectedly.', { nodeId: node.id, error: String(error) });
      return { ok: false, error: new PilotlightError('INTERNAL') };
    }
  }

  const name = once(async () =>
    host === null || isAddress || isLoopback ? null : probe((limited) => surroundings.resolve(host, limited)),
  );

  const server = once(async (): Promise<Probe<ServerAnswer> | null> => {
    if (url === null) return null;
    const connection = connectInferenceServer(url);
    return probe(async (limited) => {
      const [loaded, version] = await Promise.all([connection.loaded(limited), connection.version(limited)]);
      return { product: connection.product, version, loaded };
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

  /** What this computer's own tools report; null for another machine. */
  const ownTools = once(async (): Promise<GpuTools | null> => {
    const { hardware } = dependencies;
    if (node.kind !== 'this-computer' || hardware === undefined) return null;
    try {
      const gpus = await withDeadline(clock, PROBE_DEADLINE_MS, signal, hardware.readGpus);
      // There may be a GPU that none of them can read.
      return { gpus, gpusRead: gpus.length > 0 ? 'all' : 'partly', problems: [] };
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      return { gpus: [], gpusRead: 'failed', problems: [problem] };
    }
  });

  const power = once(async (): Promise<Probe<AgentPower> | null> => {
    const health = await agent();
    if (agentUrl === null || token === null || !health?.ok || !health.value.roles.includes('power'))
      return null;
    // The agent answers ever more slowly to a wrong token, so it is sent only once.
    const before = await machine();
    if (before?.ok === false && before.error.code === 'AGENT_REFUSED') return before;
    return probe(connectAgent({ url: agentUrl, token }).power);
  });

  const address = async () => {
    if (host === null || isLoopback) return null;
    if (isAddress) return host;
    const found = await name();
    return found?.ok ? (found.value[0] ?? null) : null;
  };

  const neighbourMac = once(async () => {
    // The table has whatever answered a moment ago.
    await Promise.all([server(), agent()]);
    const own = await address();
    if (own === null) return null;
    const table = await probe(surroundings.neighbours);
    return table.ok ? (table.value.find((one) => one.address === own)?.mac ?? null) : null;
  });

  const health = (base: string) => ask(http, base, { deadlineMs: PROBE_DEADLINE_MS, signal, only: 'health' });
  const wake = createWakeProbes(
    { clock, udp, fleet, connectAgent, probe, health, address, isLoopback },
    node,
  );

  /**
   * Whether Pilotlight runs on the node's machine. Someone who enters a way to wake a machine on loopback means another
   * one, behind a tunnel.
   */
  const onThisComputer = once(async (): Promise<boolean> => {
    if (node.kind !== 'remote') return node.kind === 'this-computer';
    if (host === null) return false;
    const resolved = await name();
    const place = placeOf(host, resolved?.ok ? resolved.value : [], udp.interfaces());
    if (place === 'loopback') return wake.methods().every(({ unavailable }) => unavailable !== null);
    return place === 'own';
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
    isLoopback,
    onThisComputer,
    name,
    server,
    agent,
    machine,
    ownTools,
    power,
    neighbourMac,
    wakeMethods: wake.methods,
    /** Empty on this computer, where nothing is asked. */
    wakeRoutes: once(async () => ((await onThisComputer()) ? [] : wake.routes())),
    shutdownServer,
  };
}

function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | null = null;
  return () => {
    result ??= work();
    // Several steps wait for it, or none after a cancel.
    result.catch(() => {});
    return result;
  };
}
