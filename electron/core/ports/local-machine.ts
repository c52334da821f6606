/** This computer: its hardware and folders. */
import type { GpuReading, HostReading } from '../../../shared/models/telemetry.ts';

/** Readings of this computer's own tools (nvidia-smi, amdgpu sysfs, …). */
export interface LocalHardware {
  /** Empty only if there are none. Rejects with a sentence if there may be one that could not be read. */
  readGpus(signal: AbortSignal): Promise<GpuReading[]>;
  /** Whether no GPU of this computer can be hidden from `readGpus`. Left out for no. */
  seesEveryGpu?(): Promise<boolean>;
  readHost(): HostReading;
}

/** What core needs to know about folders that a person names. */
export interface Folders {
  /** The canonical absolute path. Rejects with FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE, or OWN_DATA_FOLDER
   * if it is a folder with Pilotlight's own data, or inside one.
   */
  resolve(path: string): Promise<string>;
}
