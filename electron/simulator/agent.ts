/**
 * The agent of a simulated machine: the real agent on a made-up host. Clients connect to a proxy port that stays the
 * same. Behind it the agent starts with each boot, is frozen while the machine sleeps, and is down while it is off.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { AgentRole } from '../../shared/contract/agent.ts';
import { limitConnections } from '../adapters/http/connections.ts';
import { usualLimits } from '../adapters/http/limits.ts';
import {
  type Agent,
  type AgentHost,
  embeddedToken,
  type MachineFacts,
  startEmbeddedAgent,
} from '../agent/embedded.ts';
import type { SimulatorClock } from './clock.ts';
import { createMachineClock } from './frozen-clock.ts';
import { listen, stopListening } from './listener.ts';
import { createSimulatedRunnerHost } from './onnx-runner.ts';
import type { TaskWorkerOnMachine } from './task-worker.ts';
import type { MachineTelemetry } from './telemetry.ts';

export type { AgentRole };

export interface SimulatedAgentSetup {
  roles: readonly AgentRole[];
  /** Survives boots, like a disk. */
  folder: string;
  /** The worker that it starts, if there is something to connect to; default: none. */
  taskWorker?: TaskWorkerOnMachine | undefined;
  /** For the relay role: the machines it may wake, and the loopback ports of their network cards. */
  relay?: { macs: readonly string[]; ports(): Promise<readonly number[]> };
}

export interface AgentMachine {
  name: string;
  mac: string;
  host: string;
  ollamaUrl: string;
  /** `null` while the machine is not on. */
  telemetry(): MachineTelemetry | null;
  gpuFound(): boolean;
  /** Divides the times for computing. */
  speed: number;
  ollamaVersion: string;
  powerOff(): void;
  sleep(): void;
  restart(): void;
  restartOllama(): void;
  /** How often Ollama was restarted. */
  ollamaRestarts(): number;
  /** Whether a process is a runner that outlived its server. */
  isLeftBehind(pid: number): boolean;
}

export interface SimulatedAgent {
  readonly url: string;
  readonly token: string;
  /** The machine's network is up: the agent starts, or continues after a sleep. */
  up(fresh: boolean): void;
  /** The machine sleeps: the agent is frozen. */
  freeze(): void;
  /** The process ends with the machine. */
  down(): void;
  setPace(pace: number): void;
  stop(): Promise<void>;
}

const BOOT_PREFIX = 'boot';
const OLLAMA_PID = 901;
const isRunnerProcess = (name: string) => /^ollama runner|\/ollama(\/llama-server)?$/.test(name);

export async function createSimulatedAgent(
  setup: SimulatedAgentSetup,
  machine: AgentMachine,
  outer: SimulatorClock,
): Promise<SimulatedAgent> {
  const clock = createMachineClock(outer);
  const sockets = new Set<Socket>();
  const token = embeddedToken(setup.folder);
  let boots = 0;
  let bootedAt = outer.monotonic();
  let restartsRead = 0;
  let wanted = false;
  let running: Agent | null = null;
  /** Starts and stops run one after the other. */
  let queue: Promise<void> = Promise.resolve();

  const front = createServer((socket) => {
    // The agent behind the proxy closes idle connections; the proxy only counts them.
    connections.admit(socket);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const port = running?.listening[0]?.port;
    if (port === undefined) {
      socket.destroy();
      return;
    }
    const inner = connect({ host: machine.host, port });
    sockets.add(inner);
    inner.once('close', () => {
      sockets.delete(inner);
      socket.destroy();
    });
    socket.once('close', () => inner.destroy());
    for (const one of [socket, inner]) one.on('error', () => {});
    socket.pipe(inner).pipe(socket);
  });
  const connections = limitConnections(front, {
    limits: { ...usualLimits, firstMs: Number.POSITIVE_INFINITY },
  });
  const port = await listen(front, machine.host, 'stable');
  stopListening(front);

  const host: AgentHost = {
    platform: 'linux',
    bootId: async () => `${BOOT_PREFIX}-${boots}`,
    uptimeSeconds: () => (outer.monotonic() - bootedAt) / 1000,
    users: async () => ({ names: [], problem: null }),
    gpuLoad: async () => {
      const percents = machine.telemetry()?.gpus.map((gpu) => gpu.utilisationPercent ?? 0) ?? [];
      return { percent: percents.length === 0 ? null : Math.max(...percents), problem: null };
    },
    async run(command) {
      const line = command.join(' ');
      // After the response has been sent, because a real machine also takes a moment.
      if (command.at(-1) === 'ollama') machine.restartOllama();
      else if (/suspend|hibernate/i.test(line)) outer.timer(0, machine.sleep);
      else if (/reboot/i.test(line)) outer.timer(0, machine.restart);
      else outer.timer(0, machine.powerOff);
    },
    notify: async () => {},
    abilities: async () => ({ shutdown: 'yes', sleep: 'yes', hibernate: 'yes', restart: 'yes' }),
    // Nothing else runs on a simulated machine.
    blockers: async () => [],
    createInhibitor(_, changed) {
      let held = false;
      const note = (now: boolean) => {
        if (held === now) return;
        held = now;
        changed();
      };
      return {
        hold: () => note(true),
        release: async () => note(false),
        state: () => ({ held, problem: null, locks: [{ what: 'all', held, problem: null }] }),
      };
    },
    openTelemetry: () => ({
      async read() {
        const reading = machine.telemetry();
        return {
          at: outer.now(),
          host: {
            cpuPercent: null,
            memoryTotalBytes: 0,
            memoryUsedBytes: 0,
            ...reading?.host,
            swapTotalBytes: 0,
            swapUsedBytes: 0,
            uptimeSeconds: Math.round((outer.monotonic() - bootedAt) / 1000),
          },
          gpus: (reading?.gpus ?? []).map((gpu) => ({
            ...gpu,
            processes: (gpu.processes ?? []).map(({ name, vramUsedBytes, pid = 0 }) => ({
              pid,
              name,
              vramUsedBytes,
              ...parentOf(name, pid),
            })),
          })),
          gpusRead: 'all' as const,
          problems: [],
        };
      },
      machineChanged: () => machine.ollamaRestarts() !== restartsRead,
      machine: async () => readMachine(),
      close: () => {},
    }),
  };

  function readMachine(): MachineFacts {
    restartsRead = machine.ollamaRestarts();
    return {
      hostname: machine.name,
      platform: 'linux',
      bootId: `${BOOT_PREFIX}-${boots}`,
      interfaces: [
        {
          name: 'eth0',
          mac: machine.mac,
          address: machine.host,
          netmask: '255.0.0.0',
          broadcast: null,
          wakeArmed: true,
        },
      ],
      ollama: {
        answers: machine.telemetry() !== null,
        version: machine.ollamaVersion,
        startedAt: null,
        gpuFound: machine.gpuFound(),
        restarts: restartsRead,
      },
    };
  }

  /** A runner was started by Ollama; one that outlived it belongs to the system. */
  function parentOf(name: string, pid: number) {
    if (machine.isLeftBehind(pid)) return { parent: { pid: 1, name: 'systemd' } };
    return isRunnerProcess(name) ? { parent: { pid: OLLAMA_PID, name: 'ollama' } } : {};
  }

  function breakConnections(): void {
    stopListening(front);
    for (const socket of sockets) socket.destroy();
  }

  function then(step: () => Promise<void>): void {
    queue = queue.then(step).catch(() => {});
  }

  async function begin(): Promise<void> {
    if (running || !wanted) return;
    const wakePort = (await setup.relay?.ports()) ?? [];
    const worker = setup.taskWorker?.config() ?? null;
    const agent = await startEmbeddedAgent({
      config: {
        role: worker === null ? [...setup.roles] : [...setup.roles, 'worker'],
        ...(worker !== null && { worker }),
        bind: machine.host,
        port: 0,
        ollama: machine.ollamaUrl,
        ...(setup.roles.includes('power') && { restartOllama: true }),
        ...(setup.relay && {
          allowMac: [...setup.relay.macs],
          broadcast: [machine.host],
          wakePort: [...wakePort],
        }),
      },
      folder: setup.folder,
      clock,
      host,
      interfaces: () => [],
      reachable: async () => false,
      // The agent sees all connections come from one address; the proxy counts them by their real one.
      limits: { ...usualLimits, perAddress: usualLimits.connections },
      runnerHost: createSimulatedRunnerHost({ clock, speed: machine.speed, gpuFound: machine.gpuFound }),
      ...(setup.taskWorker && { workerHost: setup.taskWorker.host }),
      version: 'simulated',
      log: () => {},
    });
    running = agent;
    reopen();
  }

  function reopen(): void {
    if (!wanted || !running || front.listening) return;
    front.removeAllListeners('error');
    front.once('error', () => outer.timer(200, reopen));
    front.listen(port, machine.host);
  }

  async function end(): Promise<void> {
    const ending = running;
    running = null;
    await ending?.stop();
  }

  return {
    url: `http://${machine.host}:${port}`,
    token,
    up(fresh) {
      wanted = true;
      if (fresh) {
        boots += 1;
        bootedAt = outer.monotonic();
      }
      clock.thaw();
      then(begin);
      reopen();
    },
    freeze() {
      wanted = false;
      clock.freeze();
      setup.taskWorker?.freeze();
      breakConnections();
    },
    down() {
      wanted = false;
      clock.thaw();
      breakConnections();
      then(end);
    },
    setPace: clock.setPace,
    async stop() {
      wanted = false;
      clock.thaw();
      breakConnections();
      then(end);
      await queue;
      clock.stop();
    },
  };
}
