/** The simulated fleet. */
import type { TaskWorker } from '../../../shared/models/tasks.ts';
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export interface SimulatedMachine {
  id: string;
  name: string;
  url: string;
  mac: string;
  wakeDestinations: string[];
  /** Its agent; null if it has none. */
  agent: { url: string; token: string } | null;
  /** What its agent starts for tasks; null for none. */
  taskWorker: Pick<TaskWorker, 'id' | 'name' | 'type' | 'queues' | 'slots' | 'contentTypes'> | null;
  /** 0 for a machine without a GPU. */
  vramBytes: number;
}

export interface SimulatedFleet {
  machines: readonly SimulatedMachine[];
  telemetry(machineId: string): { gpus: GpuReading[]; host: HostReading } | null;
  /** Puts a machine to sleep as its own power button would. */
  sleep(machineId: string): Promise<void>;
  setFault(machineId: string, fault: string, on: boolean): void;
  faults(machineId: string): { name: string; on: boolean; description: string }[];
  stop(): Promise<void>;
}

/** Starts the simulated machines on loopback. */
export type StartSimulatedFleet = () => Promise<SimulatedFleet>;
