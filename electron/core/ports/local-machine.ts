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
  /** The canonical absolute path of one that is absolute, or begins with `~`. Rejects with FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE, or OWN_DATA_FOLDER
   * if it is a folder with Pilotlight's own data, or inside one.
   */
  resolve(path: string): Promise<string>;
  /** Rejects with FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE. */
  list(query: FolderQuery, signal: AbortSignal): Promise<FolderPage>;
}

export interface FolderQuery {
  /** Absolute, or beginning with `~`. */
  path: string;
  /** Whether folders whose names begin with a dot are listed. */
  hidden: boolean;
  /** The name after which the page begins; null for the first. */
  after: string | null;
  limit: number;
}

/** A page of the folders in a folder, in the order of their names. */
export interface FolderPage {
  /** Canonical absolute path. */
  path: string;
  /** null for a root. */
  parent: string | null;
  /** Of the user that runs Pilotlight. */
  home: string;
  folders: {
    name: string;
    path: string;
    /** Where a link leads, as it is written; null for a folder. */
    target: string | null;
    isReadable: boolean;
  }[];
  total: number;
  /** What to ask for next; null if this is the last page. */
  next: string | null;
  /** The folder has more entries than are read. */
  isCut: boolean;
}
