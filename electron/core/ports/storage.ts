/** What takes space in the data folder. */

export interface FolderUse {
  sizeBytes: number;
  files: number;
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
}

export const folderParts = ['index', 'ingested', 'taskFiles', 'queue', 'state', 'models', 'other'] as const;
export type FolderPart = (typeof folderParts)[number];

/** A part of the database whose rows may be deleted by a person. */
export type HistoryPart = 'requests' | 'history' | 'activity';

export interface HistoryUse {
  /** Estimated by its rows. */
  sizeBytes: number;
  count: number;
  oldestAt: number | null;
}
