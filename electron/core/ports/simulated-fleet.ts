/** The simulated fleet. */
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

export interface SimulatedMachine {
  id: string;
  name: string;
  url: string;
  mac: string;
  wakeDestinations: string[];
  /** Its agent; null if it has none. */
  agent: { url: string; token: string } | null;
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
