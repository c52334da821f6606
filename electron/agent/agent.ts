/** The agent: its roles, served on one or two ports. */

import { join } from 'node:path';
import { formatPairingLine } from '../../shared/contract/agent/pairing-line.ts';
import { agentProtocol } from '../../shared/contract/agent/protocol.ts';
import { type AgentRole, agentApi } from '../../shared/contract/agent.ts';
import { createEmitter } from '../../shared/emitter.ts';
import { createAttempts } from '../adapters/http/attempts.ts';
import { isPortTaken } from '../adapters/http/bind.ts';
import type { ConnectionClock } from '../adapters/http/connections.ts';
import { type ListenerLimits, usualLimits } from '../adapters/http/limits.ts';
import type { Listener } from '../adapters/http/listener.ts';
import type { OpenMulticast } from '../adapters/network/mdns/socket.ts';
import type { WorkerHost } from '../adapters/processes/worker-host.ts';
import { type Announcer, createAnnouncer } from './announce/announcer.ts';
import { canAnnounce } from './config.ts';
import { type Damage, openDamage } from './damage.ts';
import { AgentError, errorText } from './errors.ts';
import { openOwnFolder, readJson, writePrivate } from './files.ts';
import { localRoutes } from './http/local-routes.ts';
import { ok, type Route, serve } from './http/route.ts';
import { createAgentServer } from './http/server.ts';
import { openAgentId } from './id.ts';
import { createPairing } from './pairing.ts';
import { type RoleContext, type RunningRole, roles } from './roles.ts';
import { openToken } from './token.ts';
import { type UpdateHost, updatedByHost, updateRoutes } from './update/routes.ts';
import { createWork, workReason } from './work.ts';

const LISTENING = 'listening.json';
const GRACE_MS = 1000;
/** Pictures take a while to arrive, and the clients of a runner send many requests at once. */
const runnerLimits: ListenerLimits = { ...usualLimits, perAddress: 256, requestMs: 120_000 };

export interface AgentOptions
  extends Omit<
    RoleContext,
    | 'attempts'
    | 'bootId'
    | 'damage'
    | 'id'
    | 'news'
    | 'token'
    | 'program'
    | 'runnerHost'
    | 'workerHost'
    | 'work'
  > {
  /** Default: none. */
  runnerHost?: WorkerHost | null;
  /** Default: none. */
  workerHost?: WorkerHost | null;
  version: string;
  /** The command line that a person on this machine types before an agent command. */
  program?: string;
  /** How it is updated. Default: by the program around it. */
  update?: UpdateHost;
  /** Damage that the caller has already found. */
  damage?: Damage;
  /** Whether the folder exists, and no other user can change it. Default: it is created if necessary, and checked. */
  folderIsOpen?: boolean;
  /** How discovery finds it; used only if the configuration allows it. */
  announcing?: { hostname: string; open: OpenMulticast };
  limits?: ListenerLimits;
  /** Clock of the connection limits. Default: the system's. */
  connectionClock?: ConnectionClock;
}

export interface ListeningAt {
  roles: string[];
  address: string;
  port: number;
}

export interface Agent {
  /** Never changes. */
  id: string;
  listening: ListeningAt[];
  /** Refuses new work and ends streams and the countdown; leases stay on disk. */
  stop(): Promise<void>;
}

/** Throws BAD_CONFIG, UNSAFE_PERMISSIONS, PORT_TAKEN, CANNOT_BIND, DISK_TROUBLE. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, folder, clock, host, version, log, interfaces } = options;
  if (!options.folderIsOpen) await openOwnFolder(folder);
  const damage = options.damage ?? openDamage({ folder, log });
  const token = openToken(folder, { damage });
  const id = openAgentId(folder, { damage, token });
  damage.read(LISTENING, 'nothing', (text) => listeningIn(JSON.parse(text)));
  const bootId = await host.bootId();
  const attempts = createAttempts({ monotonic: clock.monotonic });
  const pairing = createPairing({ monotonic: clock.monotonic });
  const work = createWork({ clock });
  const secrets = config.secret === null ? [token] : [token, config.secret];
  const news = createEmitter<[]>({
    name: 'power roles',
    log: { error: (message, { error }) => log(`${message} ${String(error)}`) },
  });
  const context: RoleContext = {
    ...options,
    program: options.program ?? 'node agent.mjs',
    bootId,
    damage,
    id,
    token,
    attempts,
    news,
    work,
    runnerHost: options.runnerHost ?? null,
    workerHost: options.workerHost ?? null,
  };
  const startedAt = clock.monotonic();

  const running = new Map<AgentRole, RunningRole>();
  const listeners: Listener<unknown>[] = [];
  const listening: ListeningAt[] = [];

  let announcer: Announcer | null = null;

  async function stop(): Promise<void> {
    announcer?.stop();
    for (const role of running.values()) role.stop();
    work.stop();
    // Requests in progress may finish; connections without one are closed at once.
    await Promise.all(listeners.map((listener) => listener.close(GRACE_MS, clock)));
  }

  async function startAnnouncing(): Promise<void> {
    const { announcing } = options;
    if (announcing === undefined || config.announce !== true || !canAnnounce(config)) return;
    const anywhere = config.bind === '0.0.0.0' || config.bind === '::';
    announcer = createAnnouncer({
      clock,
      open: announcing.open,
      agent: { id, hostname: announcing.hostname, version, services: listening },
      interfaces: () =>
        interfaces().filter((one) => (anywhere ? !one.internal : one.address === config.bind)),
      log,
    });
    await announcer.refresh();
  }

  function healthRoute(names: readonly AgentRole[]): Route {
    return serve(agentApi.health, async () => {
      const parts = await Promise.all(names.map((name) => running.get(name)?.health() ?? {}));
      const uptimeSeconds = Math.round((clock.monotonic() - startedAt) / 1000);
      const protocol = { ...agentProtocol };
      const own = { agent: 'pilotlight', id, version, roles: [...names], protocol, uptimeSeconds } as const;
      return ok({ status: 'ok', ...Object.assign({}, ...parts), ...own });
    });
  }

  const updating = updateRoutes({
    host: options.update ?? updatedByHost(version),
    version,
    busy() {
      const reasons = [...running.values()].flatMap((role) => role.busy?.() ?? []);
      const isNamed = reasons.some(({ code }) => code === workReason.code);
      return work.isActive() && !isNamed ? [...reasons, workReason] : reasons;
    },
    log,
  });
  const pairingRoutes: Route[] = [
    serve(agentApi.openPairing, () => {
      const { code, secret, secondsLeft } = pairing.open();
      const hosts =
        config.bind === '0.0.0.0' || config.bind === '::'
          ? interfaces().flatMap((one) => (one.internal ? [] : one.address))
          : [config.bind];
      const port = listening[0]?.port ?? 0;
      const lines = hosts.map((one) => formatPairingLine(one, port, secret));
      return ok({ code, lines, secondsLeft });
    }),
    serve(agentApi.pair, ({ code, panel }, { address }) => {
      try {
        pairing.take(code);
      } catch (error) {
        attempts.wrong(address);
        throw error;
      }
      attempts.right(address);
      log(`pairing: ${panel} at ${address} received the token`);
      return ok({ token, id, bootId, version, listening });
    }),
  ];

  try {
    const byPort = new Map<number, AgentRole[]>();
    for (const name of config.role) {
      running.set(name, roles[name].start(context));
      const port = roles[name].port(config);
      byPort.set(port, [...(byPort.get(port) ?? []), name]);
    }
    for (const [port, names] of byPort) {
      const called = [
        healthRoute(names),
        ...names.flatMap((name) => running.get(name)?.routes ?? []),
        ...pairingRoutes,
        ...updating,
      ];
      const routes = [...called, ...localRoutes(called, { token, monotonic: clock.monotonic })];
      const listener = createAgentServer({
        routes,
        secrets,
        attempts,
        log,
        limits: options.limits ?? (names.includes('runner') ? runnerLimits : undefined),
        clock: options.connectionClock,
      });
      listeners.push(listener);
      const { address, port: got } = await listen(listener, config.bind, port);
      listening.push({ roles: [...names], address, port: got });
    }
    writePrivate(join(folder, LISTENING), JSON.stringify(listening), 0o644);
    for (const role of running.values()) role.onListening?.();
    await startAnnouncing();
    return { id, listening, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where an agent with this folder listens or last listened; null if none ever did. */
export function readListening(folder: string): ListeningAt[] | null {
  return listeningIn(readJson(join(folder, LISTENING)));
}

function listeningIn(content: unknown): ListeningAt[] | null {
  return Array.isArray(content) && content.every(isListening) ? content : null;
}

function isListening(one: unknown): one is ListeningAt {
  const { roles, address, port } = Object(one) as Partial<ListeningAt>;
  return (
    Array.isArray(roles) &&
    roles.every((role) => typeof role === 'string') &&
    typeof address === 'string' &&
    typeof port === 'number'
  );
}

async function listen(listener: Listener<unknown>, host: string, port: number) {
  try {
    return await listener.listen({ host, port });
  } catch (cause) {
    const message = `Cannot listen on ${host}, port ${port}: ${errorText(cause)}`;
    throw new AgentError(isPortTaken(cause) ? 'PORT_TAKEN' : 'CANNOT_BIND', { message, cause });
  }
}
