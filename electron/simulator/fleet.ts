/** The fleet that one click adds: a sleeping GPU machine, a small one that is always on, a second GPU machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE } from './catalogue.ts';
import { createSystemClock, type SimulatorClock } from './clock.ts';
import { FAULTS, type FaultName, isFaultName } from './faults.ts';
import { createSimulatedMachine, type SimulatedMachine, type SimulatedMachineSetup } from './machine.ts';
import type { Capability, ModelDefinition } from './model.ts';
import { resolveLoadOptions } from './options.ts';
import { createPrograms } from './programs.ts';
import { createTaskWorkerOnMachine, type SimulatedTaskWorker, type TaskWorkerSource } from './task-worker.ts';
import type { MachineTelemetry } from './telemetry.ts';

export interface FleetControl {
  machine(id: string): SimulatedMachine;
  /** Like pressing the power button. */
  wake(id: string): void;
  sleep(id: string): void;
  /** Cuts the power at once. */
  kill(id: string): void;
  /** Cuts the power once this many more texts are embedded there, in the middle of that request. */
  dieAfterTexts(id: string, texts: number): void;
  /** Throws a RangeError for an unknown fault. */
  setFault(id: string, fault: string, on: boolean): void;
  restartOllama(id: string): void;
  /** Its runners go on without it, with their memory. */
  killOllama(id: string): void;
  /** A program other than Ollama uses this many bytes of the first GPU; 0 ends it. */
  holdVram(id: string, bytes: number, name?: string): void;
}

export interface SimulatedFleet {
  readonly machines: readonly {
    id: string;
    name: string;
    url: string;
    mac: string;
    wakeDestinations: string[];
    agent: { url: string; token: string } | null;
    /** What its agent starts for tasks; null for none. */
    taskWorker: SimulatedTaskWorker | null;
    /** `host:port` that answers as soon as the network is up, before Ollama; `null` without wake. */
    networkAddress: string | null;
    vramBytes: number;
  }[];
  readonly control: FleetControl;
  /** `null` while the machine is not on. Throws a RangeError for an unknown machine. */
  telemetry(machineId: string): MachineTelemetry | null;
  sleep(machineId: string): Promise<void>;
  setFault(machineId: string, fault: string, on: boolean): void;
  faults(machineId: string): { name: FaultName; on: boolean; description: string }[];
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

export interface FleetSetup {
  clock?: SimulatorClock;
  /** Divides the times for booting, loading and computing. Default 1. */
  speed?: number;
  host?: string;
  /** Where programs send their requests; null while there is no gateway. Default: nowhere. */
  gatewayUrl?(): string | null;
  /** The tasks that gpu-tower works on. Default: none. */
  taskWorkers?: TaskWorkerSource;
}

/** Starts the three machines on loopback. */
export async function createSimulatedFleet(setup: FleetSetup = {}): Promise<SimulatedFleet> {
  const clock = setup.clock ?? createSystemClock();
  const common = { clock, speed: setup.speed ?? 1, host: setup.host ?? '127.0.0.1' };
  const library = Object.values(CATALOGUE) as ModelDefinition[];
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-simulated-'));
  const assembled = Promise.withResolvers<SimulatedFleet>();
  assembled.promise.catch(() => {});
  const macs = { tower: '00:00:5e:00:53:10', nas: '00:00:5e:00:53:20', lab: '00:00:5e:00:53:30' };
  const sleepers = async () => {
    const { machines } = await assembled.promise;
    return machines.flatMap(({ wakeDestinations }) =>
      wakeDestinations.map((destination) => Number(destination.split(':').at(-1))),
    );
  };
  const taskWorker =
    setup.taskWorkers &&
    createTaskWorkerOnMachine(setup.taskWorkers, { id: 'gpu-tower', name: 'gpu-tower (simulated)' });
  const definitions: SimulatedMachineSetup[] = [
    {
      ...common,
      id: 'gpu-tower',
      name: 'gpu-tower (simulated)',
      mac: macs.tower,
      wake: { bootMs: 6000, resumeMs: 3000 },
      initially: 'off',
      agent: { roles: ['power', 'telemetry'], folder: join(folder, 'gpu-tower'), taskWorker },
      ollama: {
        profile: '0.33',
        models: [CATALOGUE.mxbaiEmbedLarge, CATALOGUE.nomicEmbedText, CATALOGUE.llama31, CATALOGUE.qwenCoder],
        gpus: [
          {
            id: 'GPU-0',
            name: 'NVIDIA GeForce RTX 4090',
            vramBytes: 24 * GIB,
            baselineBytes: 620 * MIB,
            boardWatts: 450,
          },
        ],
        systemMemoryBytes: 64 * GIB,
        registry: library,
      },
    },
    {
      ...common,
      id: 'nas',
      name: 'nas (simulated)',
      mac: macs.nas,
      wake: null,
      agent: {
        roles: ['relay', 'telemetry'],
        folder: join(folder, 'nas'),
        relay: { macs: [macs.tower, macs.lab], ports: sleepers },
      },
      ollama: {
        profile: '0.33',
        models: [CATALOGUE.mxbaiEmbedLarge, CATALOGUE.allMiniLm],
        systemMemoryBytes: 16 * GIB,
        registry: library,
      },
    },
    {
      ...common,
      id: 'lab-2',
      name: 'lab-2 (simulated)',
      mac: macs.lab,
      wake: { bootMs: 9000, resumeMs: 4000 },
      agent: { roles: ['power', 'telemetry', 'runner'], folder: join(folder, 'lab-2') },
      ollama: {
        profile: '0.24',
        models: [CATALOGUE.llama31, CATALOGUE.nomicEmbedText, CATALOGUE.llama32],
        gpus: [
          {
            id: 'GPU-0',
            name: 'NVIDIA GeForce RTX 3060',
            vramBytes: 12 * GIB,
            baselineBytes: 340 * MIB,
            boardWatts: 170,
          },
        ],
        systemMemoryBytes: 32 * GIB,
        speeds: { gpuTextsPerSecond: 450, cpuTextsPerSecond: 40, gpuTokensPerSecond: 32 },
        registry: library,
      },
    },
  ];
  const programs = createPrograms({ clock, gatewayUrl: setup.gatewayUrl ?? (() => null) });
  const forget = async () => {
    await programs.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  let fleet: SimulatedFleet;
  try {
    fleet = await assembleFleet(definitions, forget);
  } catch (error) {
    await forget();
    assembled.reject(error);
    throw error;
  }
  assembled.resolve(fleet);
  for (const { id, ollama } of definitions) {
    const named = (capability: Capability) =>
      ollama.models.filter(({ capabilities }) => capabilities.includes(capability)).map(({ name }) => name);
    const models = { chat: named('completion'), embed: named('embedding') };
    fleet.control.machine(id).faults.onChange((name, on) => {
      if (name === 'programs') programs.set(id, models, on);
    });
  }
  const lab = fleet.control.machine('lab-2').ollama.scheduler;
  // The model that fell back to the CPU and stayed there, for the optimizer to find.
  lab.preload(
    CATALOGUE.llama31,
    resolveLoadOptions({ num_gpu: 0 }, CATALOGUE.llama31, lab.defaultContext()),
    Number.POSITIVE_INFINITY,
  );
  return fleet;
}

/** Starts any machines as one fleet. If one fails to start, those before it are stopped again. */
export async function assembleFleet(
  definitions: readonly SimulatedMachineSetup[],
  afterStop: () => void | Promise<void> = () => {},
): Promise<SimulatedFleet> {
  const machines = new Map<string, SimulatedMachine>();
  const stop = async () => {
    await Promise.all([...machines.values()].map((machine) => machine[Symbol.asyncDispose]()));
    await afterStop();
  };
  try {
    for (const definition of definitions)
      machines.set(definition.id, await createSimulatedMachine(definition));
  } catch (error) {
    await stop();
    throw error;
  }
  const machine = (id: string): SimulatedMachine => {
    const found = machines.get(id);
    if (!found) throw new RangeError(`Unknown simulated machine: ${id}`);
    return found;
  };
  const setFault = (id: string, fault: string, on: boolean) => {
    if (!isFaultName(fault)) {
      throw new RangeError(`Unknown fault: ${fault}. Available: ${Object.keys(FAULTS).join(', ')}`);
    }
    machine(id).faults.set(fault, on);
  };
  const control: FleetControl = {
    machine,
    wake: (id) => machine(id).powerOn(),
    sleep: (id) => machine(id).sleep(),
    kill: (id) => machine(id).powerOff(),
    dieAfterTexts: (id, texts) => machine(id).ollama.compute.dieAfterTexts(texts),
    setFault,
    restartOllama: (id) => machine(id).restartOllama(),
    killOllama: (id) => machine(id).killOllama(),
    holdVram: (id, bytes, name) => machine(id).holdVram(bytes, name),
  };
  return {
    machines: [...machines.values()].map(
      ({ id, name, url, mac, wakeDestinations, networkAddress, agent, vramBytes }) => ({
        id,
        name,
        url,
        mac,
        wakeDestinations: [...wakeDestinations],
        agent,
        taskWorker: definitions.find((one) => one.id === id)?.agent?.taskWorker?.about ?? null,
        networkAddress,
        vramBytes,
      }),
    ),
    control,
    telemetry: (id) => machine(id).telemetry(),
    sleep: async (id) => machine(id).sleep(),
    setFault,
    faults: (id) => machine(id).faults.list(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
