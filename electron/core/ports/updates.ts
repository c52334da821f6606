/** The world of updates: where releases are, the files on the disk, and the program that is replaced. */
import type { UpdateFile, UpdateManifest } from '../../../shared/models/update-manifest.ts';
import type { InstallationForm } from '../../../shared/models/updates.ts';

export interface Release {
  manifest: UpdateManifest;
  /** For the next check; null if the server gives none. */
  etag: string | null;
}

export interface ReleaseSource {
  /**
   * Reads the manifest of the newest release, and verifies its signature before anything else. `unchanged` only if `etag`
   * was given. Rejects with UPDATE_UNREACHABLE, UPDATE_NO_RELEASE, UPDATE_SIGNATURE, UPDATE_MANIFEST, or the signal's
   * reason.
   */
  read(options: {
    address: string;
    etag: string | null;
    signal: AbortSignal;
  }): Promise<Release | 'unchanged'>;
}

export interface UpdateDownloads {
  /**
   * Downloads a file and compares it with its signed size and digest; what had arrived before is continued. Resolves with
   * its path. Rejects with UPDATE_UNREACHABLE, UPDATE_BROKEN_OFF, UPDATE_DAMAGED, DISK_FULL, or the signal's reason.
   */
  fetch(options: {
    address: string;
    file: UpdateFile;
    onProgress(doneBytes: number): void;
    signal: AbortSignal;
  }): Promise<string>;
  /** Whether the file at this path still is the signed one. */
  isIntact(path: string, file: Pick<UpdateFile, 'size' | 'sha512'>): Promise<boolean>;
  /** Deletes a downloaded or kept file; does nothing if it is not there. */
  remove(path: string): Promise<void>;
}

/** What is replaced, and by what. */
export interface StagedProgram {
  /** A downloaded or kept file, which has been verified. */
  path: string;
  version: string;
  file: Pick<UpdateFile, 'size' | 'sha512'> | null;
  /** The version that runs. */
  replaces: string;
  /** Whether that one is kept. */
  keeps: boolean;
}

/** Replaces the program when it ends. Its own checks of the system's signatures come on top of those of the manifest. */
export interface ProgramInstaller {
  /**
   * Prepares it; nothing is replaced before the program ends. Resolves with where the version that runs will be kept; null
   * if it won't be. Rejects with UPDATE_NOT_INSTALLED or DISK_FULL.
   */
  stage(program: StagedProgram, signal: AbortSignal): Promise<{ kept: string | null }>;
  /** Takes `stage` back. */
  unstage(): void;
  /** Ends the program, which is then replaced and started again. */
  restart(): void;
}

/** What is remembered beside the data, of this installation only. */
export interface UpdateRecord {
  /** Where this installation is in a staged release: from 0 up to 1, drawn once. */
  place: number;
  /** The version whose news have been seen, or the first one here; null before the first start. */
  seen: string | null;
  /** The version that ran before the last update. */
  previous: {
    version: string;
    /** The kept program; null if none could be kept. */
    path: string | null;
    /** How many migrations its data had had. */
    state: number;
    /** Milliseconds since the epoch; null until the new version has started well. */
    keptUntil: number | null;
  } | null;
  /** The version that was installed last, until it has started well. */
  unproved: string | null;
}

export interface UpdateRecords {
  /** null if there is none yet, or it can't be read. */
  read(): UpdateRecord | null;
  /** Throws DISK_FULL. */
  write(record: UpdateRecord): void;
}

export interface Updates {
  form: InstallationForm;
  /** Of the build; null for none. */
  address: string | null;
  /** Whether the build knows a key at all; without one, no release is accepted. */
  hasKeys: boolean;
  system: { os: string; arch: string };
  /** How many migrations the data has had. */
  state: number;
  source: ReleaseSource;
  downloads: UpdateDownloads;
  records: UpdateRecords;
  /** null for a program that can't be replaced by its panel. */
  installer: ProgramInstaller | null;
  /** What is new, by version, in Markdown; newest first. Empty if the build has none. */
  changes(): Promise<string>;
}
