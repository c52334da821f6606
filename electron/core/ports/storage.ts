/** What takes space in the data folder. */

export interface FolderUse {
  sizeBytes: number;
  files: number;
}

/** A damaged file or folder that was set aside. */
export interface DamagedFile {
  /** Within the data folder. */
  path: string;
  sizeBytes: number;
  /** When it was set aside, milliseconds since the epoch. */
  since: number;
}

export interface StorageMeter {
  /** The data folder. */
  readonly folder: string;
  /** Free space of its disk, bytes; null if that cannot be read. */
  freeBytes(): Promise<number | null>;
  /**
   * One walk through the data folder, by part; what is in none of them is `other`.
   * @param modelsFolder another place of the models, which is counted as well
   */
  measure(modelsFolder: string | null): Promise<Record<FolderPart, FolderUse>>;
  damaged(): Promise<DamagedFile[]>;
  /** Deletes some of those. */
  removeDamaged(paths: readonly string[]): Promise<void>;
}

export const folderParts = [
  ...(['index', 'ingested', 'taskFiles', 'queue', 'state', 'models', 'damaged', 'other'] as const),
] as const;
export type FolderPart = (typeof folderParts)[number];

/** A part of the database whose rows may be deleted by a person. */
export type HistoryPart = 'requests' | 'history' | 'activity';

export interface HistoryUse {
  /** Estimated by its rows. */
  sizeBytes: number;
  count: number;
  oldestAt: number | null;
}
