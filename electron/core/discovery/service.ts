/** Searches for machines, only when a person asks for it. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { MethodParams } from '../../../shared/contract/methods.ts';
import type { Discovery, FoundMachine, Network } from '../../../shared/models/discovery.ts';
import { distinct, errorFact, fact, type Message } from '../../../shared/models/message.ts';
import { readIpv4 } from '../../../shared/network/ipv4.ts';
import type { FleetService } from '../fleet/service.ts';
import { isLoopbackHost } from '../fleet/validate.ts';
import type { AgentMachine } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Http, Surroundings, Udp } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { createFindings } from './findings.ts';
import { inspectAddress } from './inspect.ts';
import { hostsOfNode, type KnownNode } from './machine.ts';
import { type ScanPlan, scan } from './scan.ts';
import { networksOf } from './subnets.ts';

export interface DiscoveryService {
  networks(): Network[];
  current(): Discovery;
  /** Answers at once; progress is on the stream. Throws BAD_SUBNET or DISCOVERY_RUNNING. */
  start(input: MethodParams<'discovery.start'>): Discovery;
  /** Stops it; what was found stays. */
  cancel(): Discovery;
  /** Rejects with BAD_URL, NAME_NOT_RESOLVED, HOST_UNREACHABLE or HOST_TIMEOUT. */
  inspect(address: string, signal: AbortSignal): Promise<FoundMachine>;
  /** Cancels it, and resolves when it has stopped. */
  stop(): Promise<void>;
}

export interface DiscoveryDependencies {
  clock: Clock;
  log: Log;
  http: Http;
  udp: Pick<Udp, 'interfaces'>;
  surroundings: Surroundings;
  streams: Pick<Streams, 'discovery'>;
  fleet: Pick<FleetService, 'list'>;
  /** The machine of the agent at that URL; null without a token for it. */
  agentMachine(url: string, signal: AbortSignal): Promise<AgentMachine | null>;
}

const RESOLVE_DEADLINE_MS = 2000;

export function createDiscoveryService(dependencies: DiscoveryDependencies): DiscoveryService {
  const { clock, log, http, udp, surroundings, streams, fleet } = dependencies;
  let run: { controller: AbortController; ended: Promise<void> } | null = null;
  let status: Discovery = {
    state: 'never',
    startedAt: null,
    endedAt: null,
    done: 0,
    total: 0,
    found: [],
    notes: [],
  };

  function publish(changes: Partial<Discovery>): void {
    status = { ...status, ...changes };
    streams.discovery.set('status', status);
  }

  function knownNodes(): KnownNode[] {
    return fleet.list().map(({ id, url, agentUrl, mac }) => ({
      id,
      url,
      agentUrl,
      mac,
      hosts: hostsOfNode({ url, agentUrl }),
    }));
  }

  /** Also finds machines by their address that were added by their name. */
  async function withAddresses(nodes: readonly KnownNode[], signal: AbortSignal): Promise<KnownNode[]> {
    const resolve = async (host: string) => {
      if (readIpv4(host) !== null || host.includes(':') || isLoopbackHost(host)) return [];
      const resolving = withDeadline(clock, RESOLVE_DEADLINE_MS, signal, (limited) =>
        surroundings.resolve(host, limited),
      );
      return await resolving.catch(() => {
        signal.throwIfAborted();
        return [];
      });
    };
    return Promise.all(
      nodes.map(async (node) => ({
        ...node,
        hosts: [...node.hosts, ...(await Promise.all(node.hosts.map(resolve))).flat()],
      })),
    );
  }

  /** Rejects with the signal's reason. */
  async function search(plan: ScanPlan, signal: AbortSignal): Promise<void> {
    const interfaces = udp.interfaces();
    const nodes = await withAddresses(knownNodes(), signal);
    const findings = createFindings({ interfaces, nodes });
    let notes: Message[] = [];
    const update = (changes: Partial<Discovery>) => {
      if (!signal.aborted) publish({ found: findings.list(), ...changes });
    };
    const report = {
      findings,
      expect: (steps: number) => update({ total: status.total + steps }),
      step: () => update({ done: status.done + 1 }),
      note(message: Message) {
        notes = distinct([...notes, message]);
        update({ notes });
      },
    };
    if (plan.networks.length === 0) report.note(fact('NO_NETWORK_CHOSEN'));
    await scan({ clock, http, surroundings, interfaces }, plan, report, signal);
    update({ state: 'done', endedAt: clock.now() });
  }

  function failed(error: unknown): void {
    log.error('A search for machines failed.', { error: String(error) });
    const note = errorFact(isPilotlightError(error) ? error : new PilotlightError('INTERNAL'));
    publish({ state: 'done', endedAt: clock.now(), notes: [...status.notes, note] });
  }

  const service: DiscoveryService = {
    networks: () => networksOf(udp.interfaces()),
    current: () => status,

    start({ subnets, announced, neighbours }) {
      const available = service.networks();
      const networks = [...new Set(subnets)].map((subnet) => {
        const network = available.find((one) => one.subnet === subnet);
        if (network) return network;
        throw new PilotlightError('BAD_SUBNET', { details: { field: 'subnets', value: subnet } });
      });
      if (status.state === 'running') throw new PilotlightError('DISCOVERY_RUNNING');
      const controller = new AbortController();
      const { signal } = controller;
      publish({
        state: 'running',
        startedAt: clock.now(),
        endedAt: null,
        done: 0,
        total: 0,
        found: [],
        notes: [],
      });
      const searching = search({ networks, announced, neighbours }, signal).catch((error) => {
        if (!signal.aborted) failed(error);
      });
      // An earlier one that was cancelled may still be ending.
      const ended = Promise.all([run?.ended, searching]).then(() => {});
      run = { controller, ended };
      return status;
    },

    cancel() {
      if (status.state === 'running') {
        run?.controller.abort(new PilotlightError('CANCELLED'));
        publish({ state: 'cancelled', endedAt: clock.now() });
      }
      return status;
    },

    inspect: (address, signal) =>
      inspectAddress(
        {
          clock,
          http,
          surroundings,
          interfaces: udp.interfaces,
          agentMachine: dependencies.agentMachine,
          knownNodes,
        },
        address,
        signal,
      ),

    async stop() {
      service.cancel();
      await run?.ended;
    },
  };
  publish({});
  return service;
}
