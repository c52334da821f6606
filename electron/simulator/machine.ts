/**
 * A simulated computer: off, asleep, booting or on. Its network card listens for magic packets in every state; while
 * it is not on, its Ollama port refuses connections.
 */

import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createEmitter } from '../../shared/emitter.ts';
import { type ConnectionClock, limitConnections } from '../adapters/http/connections.ts';
import { usualLimits } from '../adapters/http/limits.ts';
import { createSimulatedAgent, type SimulatedAgentSetup } from './agent.ts';
import type { SimulatorClock, SimulatorTimer } from './clock.ts';
import { createFaults, type FaultName, type Faults } from './faults.ts';
import { createOllamaListener } from './limits.ts';
import { listen, stopListening } from './listener.ts';
import { isOrphan } from './memory.ts';
import { openNetworkCard } from './network-card.ts';
import { createSimulatedOllama, type SimulatedOllama, type SimulatedOllamaSetup } from './ollama.ts';
import { createOutsidePrograms } from './outside.ts';
import { VERSIONS } from './routes-library.ts';
import { createServerRestarts } from './server-restarts.ts';
import { createTelemetry, type MachineTelemetry } from './telemetry.ts';

export type PowerState = 'off' | 'asleep' | 'booting' | 'on';

export interface WakeTimes {
  /** From the packet until Ollama serves, starting from off. Milliseconds. */
  bootMs: number;
  /** The same, starting from sleep. */
  resumeMs: number;
  /** The share of that time after which the network answers, 0 to 1. */
  networkShare: number;
}

export interface SimulatedMachineSetup {
  id: string;
  name: string;
  mac: string;
  /** Password of the network card, `1.2.3.4` or `aa:bb:cc:dd:ee:ff`. */
  secureOn?: string;
  /** `null` for a machine that never sleeps and whose network card does not wake it. */
  wake: Partial<WakeTimes> | null;
  /** Default `on`. */
  initially?: 'off' | 'asleep' | 'on';
  /** As in a container: its tools report VRAM totals, but no processes. */
  hidesProcesses?: boolean;
  /** Without it the machine has no agent. */
  agent?: SimulatedAgentSetup;
  ollama: Omit<SimulatedOllamaSetup, 'clock' | 'faults' | 'losePower' | 'started' | 'speed'>;
  clock: SimulatorClock;
  /** Divides the times for booting, loading and computing. Default 1. */
  speed?: number;
  host?: string;
  /** Clock of the connection limits. Default: the system's, independent of the simulated time. */
  connectionClock?: ConnectionClock;
  /** A fixed port for Ollama, 0 = any; default: one that stays free while the machine sleeps. */
  port?: number;
}

export interface SimulatedMachine {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly mac: string;
  /** Where its network card receives magic packets, `host:port`; empty if it cannot be woken. */
  readonly wakeDestinations: readonly string[];
  /** Answers as soon as the network is up, before Ollama serves: `host:port`, `null` without wake. */
  readonly networkAddress: string | null;
  /** Its agent, which answers while the machine's network is up. */
  readonly agent: { url: string; token: string } | null;
  readonly vramBytes: number;
  readonly ollama: SimulatedOllama;
  readonly faults: Faults;
  power(): PowerState;
  /** Starts from off or asleep, like its power button. Does nothing while it boots or runs. */
  powerOn(): void;
  /** Cuts the power at once: connections break, memory is lost. */
  powerOff(): void;
  /** Suspends: connections break, loaded models stay in memory. */
  sleep(): void;
  /** `atOnce`: without closing its port for a moment. */
  restartOllama(options?: { atOnce: boolean }): void;
  /** As `kill -9` does: its runners go on without it, and keep their memory until the machine is off. */
  killOllama(): void;
  /** A program beside Ollama uses this much of the first GPU, replacing its previous amount; 0 ends it. */
  holdVram(bytes: number, name?: string): void;
  /** `null` while the machine is not on. */
  telemetry(): MachineTelemetry | null;
  /** Calls `listener` after each change of the power state; returns a function that unsubscribes. */
  onPowerChange(listener: (state: PowerState) => void): () => void;
  [Symbol.asyncDispose](): Promise<void>;
}

const DEFAULT_WAKE: WakeTimes = { bootMs: 6000, resumeMs: 3000, networkShare: 0.5 };
/** Milliseconds until another try to open a port that another program uses. */
const RETRY_MS = 200;
const FAST_PACE = 60;
/** Milliseconds that a restart leaves the machine off. */
const RESTART_MS = 500;

export async function createSimulatedMachine(setup: SimulatedMachineSetup): Promise<SimulatedMachine> {
  const { clock } = setup;
  const host = setup.host ?? '127.0.0.1';
  const speed = setup.speed ?? 1;
  const times = { ...DEFAULT_WAKE, ...setup.wake };
  const faults = createFaults();
  const powerChanged = createEmitter<[PowerState]>({ name: 'simulated machine' });
  const initially = setup.initially ?? 'on';
  let state: PowerState = initially;
  /** Whether the GPU responds to its driver. */
  let gpusAlive = true;
  let bootTimers: SimulatorTimer[] = [];
  let disposed = false;

  const ollama = createSimulatedOllama({
    ...setup.ollama,
    clock,
    faults,
    speed,
    started: initially === 'on',
    losePower: () => powerOff(),
  });
  const gpus = setup.ollama.gpus ?? [];
  const telemetry = createTelemetry({
    clock,
    profile: setup.ollama.profile,
    gpus,
    systemMemoryBytes: setup.ollama.systemMemoryBytes ?? 32_000_000_000,
    ollama,
    ...(setup.hidesProcesses && { hidesProcesses: true }),
  });
  const outside = createOutsidePrograms({ memory: ollama.scheduler.memory });

  const sockets = new Set<Socket>();
  const remember = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  };
  const { server: web } = createOllamaListener((request, response) => {
    // A connection to a sleeping machine that still looks open, but is never answered.
    if (state === 'on') ollama.handle(request, response);
  }, setup.connectionClock);
  web.on('connection', remember);
  const webPort = await listen(web, host, setup.port ?? 'stable');

  let network: Server | null = null;
  let networkPort = 0;
  if (setup.wake) {
    network = createTcpServer((socket) => {
      remember(socket);
      socket.resume();
    });
    limitConnections(network, { limits: usualLimits, clock: setup.connectionClock });
    networkPort = await listen(network, host, 'stable');
  }
  const card = setup.wake
    ? await openNetworkCard(setup, host, () => {
        if (!faults.is('does-not-wake')) powerOn();
      })
    : null;

  const agent = setup.agent
    ? await createSimulatedAgent(
        setup.agent,
        {
          name: setup.id,
          mac: setup.mac,
          host,
          ollamaUrl: `http://${host}:${webPort}`,
          ollamaVersion: VERSIONS[setup.ollama.profile],
          telemetry: () => (state === 'on' ? telemetry.read() : null),
          speed,
          gpuFound: () => gpus.length > 0 && ollama.scheduler.gpusAlive() && !faults.is('no-gpu-discovered'),
          powerOff: () => {
            if (!faults.is('stays-on')) powerOff();
          },
          sleep: () => {
            if (!faults.is('stays-on')) sleep();
          },
          restart: () => {
            powerOff();
            clock.timer(RESTART_MS / speed, powerOn);
          },
          restartOllama: () => {
            // The driver that was late at boot is ready by now; switching the fault off restarts Ollama.
            if (faults.is('no-gpu-discovered')) faults.set('no-gpu-discovered', false);
            else restartOllama();
          },
          ollamaRestarts: () => restarts.count(),
          isLeftBehind: (pid) => isOrphan(ollama.scheduler.memory, pid),
        },
        clock,
      )
    : null;

  const reopen = (server: Server, port: number, wanted: () => boolean) => {
    if (disposed || server.listening || !wanted()) return;
    server.removeAllListeners('error');
    server.once('error', () => clock.timer(RETRY_MS, () => reopen(server, port, wanted)));
    server.listen(port, host);
  };
  const webWanted = () =>
    (state === 'on' && !restarts.isDown()) || (faults.is('half-open') && state !== 'off');
  const updateWeb = () => {
    if (webWanted()) reopen(web, webPort, webWanted);
    else stopListening(web);
  };
  const networkUp = () => state === 'on' || (state === 'booting' && bootTimers.length < 2);

  const enter = (next: PowerState) => {
    if (state === next) return;
    state = next;
    updateWeb();
    if (network) {
      if (networkUp()) reopen(network, networkPort, networkUp);
      else stopListening(network);
    }
    if (next === 'on' || next === 'booting') faults.set('asleep', false);
    powerChanged.emit(next);
  };
  const cancelBoot = () => {
    for (const timer of bootTimers) timer.cancel();
    bootTimers = [];
  };
  const breakConnections = () => {
    // Under the half-open fault the other side never learns that the machine disappeared.
    if (faults.is('half-open')) return;
    for (const socket of sockets) socket.destroy();
  };

  const powerOn = () => {
    if (disposed || (state !== 'off' && state !== 'asleep')) return;
    const from = state;
    const totalMs = (from === 'asleep' ? times.resumeMs : times.bootMs) / speed;
    const networkTimer = clock.timer(totalMs * times.networkShare, () => {
      bootTimers = bootTimers.filter((timer) => timer !== networkTimer);
      if (network) reopen(network, networkPort, networkUp);
      agent?.up(from === 'off');
    });
    const serveTimer = clock.timer(totalMs, () => {
      if (faults.is('never-serves')) return;
      bootTimers = [];
      if (from === 'off') gpusAlive = true;
      else if (faults.is('gpu-lost-on-resume')) {
        gpusAlive = false;
        ollama.scheduler.loseGpus();
      }
      if (!ollama.running()) ollama.start({ gpusAlive });
      enter('on');
    });
    bootTimers = [networkTimer, serveTimer];
    enter('booting');
  };
  const powerOff = () => {
    if (state === 'off') return;
    cancelBoot();
    enter('off');
    agent?.down();
    outside.end();
    faults.set('vram-taken', false);
    ollama.stop({ silently: faults.is('half-open') });
    ollama.scheduler.memory.endOrphans();
    breakConnections();
  };
  const sleep = () => {
    if (state !== 'on') return;
    enter('asleep');
    agent?.freeze();
    faults.set('asleep', true);
    ollama.breakConnections({ silently: faults.is('half-open') });
    breakConnections();
  };
  const restarts = createServerRestarts({
    clock,
    ollama,
    gpusAlive: () => gpusAlive,
    updatePort: () => updateWeb(),
    breakConnections: () => breakConnections(),
  });
  const restartOllama: SimulatedMachine['restartOllama'] = (options) => {
    restarts.restart(options);
    faults.set('load-on-cpu', false);
  };

  const onFault = (name: FaultName, on: boolean) => {
    if (name === 'asleep') {
      if (on) sleep();
      else powerOn();
    } else if (name === 'no-gpu-discovered') restartOllama({ atOnce: true });
    else if (name === 'left-behind') (on ? restarts.kill : ollama.scheduler.memory.endOrphans)();
    else if (name === 'restarts-often') restarts.repeat(on);
    else if (name === 'vram-taken') {
      if (on) outside.takeMost();
      else outside.end();
    } else if (name === 'time-flies') agent?.setPace(on ? FAST_PACE : 1);
    else if (name === 'gpu-lost-on-resume' && !on && !gpusAlive) {
      gpusAlive = true;
      restartOllama({ atOnce: true });
    } else if (name === 'never-serves' && !on && state === 'booting' && bootTimers.length === 1) {
      bootTimers = [];
      if (!ollama.running()) ollama.start({ gpusAlive });
      enter('on');
    } else if (name === 'half-open') {
      updateWeb();
      if (!on) for (const socket of sockets) socket.destroy();
    }
  };
  faults.onChange(onFault);

  if (state !== 'on') {
    if (state === 'asleep') faults.set('asleep', true);
    stopListening(web);
    if (network) stopListening(network);
  } else agent?.up(true);

  return {
    id: setup.id,
    name: setup.name,
    url: `http://${host}:${webPort}`,
    mac: setup.mac,
    wakeDestinations: card ? [card.destination] : [],
    networkAddress: network ? `${host}:${networkPort}` : null,
    agent: agent && { url: agent.url, token: agent.token },
    vramBytes: gpus.reduce((sum, gpu) => sum + gpu.vramBytes, 0),
    ollama,
    faults,
    power: () => state,
    powerOn,
    powerOff,
    sleep,
    restartOllama,
    killOllama: restarts.kill,
    holdVram: outside.hold,
    telemetry: () => (state === 'on' ? telemetry.read() : null),
    onPowerChange: powerChanged.on,
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      cancelBoot();
      restarts.repeat(false);
      ollama.stop();
      await agent?.stop();
      for (const socket of sockets) socket.destroy();
      const closed = [web, network].map(
        (server) => server?.listening && new Promise((resolve) => server.close(resolve)),
      );
      if (card) closed.push(card.close());
      await Promise.all(closed);
    },
  };
}
