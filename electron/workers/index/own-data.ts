/** What the index of one source may contain and show, given the folders with Pilotlight's own data. */
import { join } from 'node:path';
import { type OwnFolders, openOwnFolders } from '../../adapters/own-folders.ts';
import type { IndexSource } from '../../adapters/vectors/protocol.ts';
import type { FileRows } from './file-rows.ts';

export interface OwnData {
  folders(): Promise<OwnFolders>;
  /** Checks where the folders are now. */
  renew(): Promise<OwnFolders>;
  /**
   * Whether a file must not be shown, although an earlier version indexed it. The source itself is not read, because
   * its disk may be slow or missing.
   */
  hides(): Promise<(path: string) => boolean>;
}

export function createOwnData(
  { ownFolders, openFolders }: { ownFolders: readonly string[]; openFolders: readonly string[] },
  source: IndexSource,
  rows: FileRows,
): OwnData {
  // Of our own data, only the folder of the ingested texts is a source, and only for itself.
  const open = openFolders.filter((folder) => folder === source.path);
  let opened: Promise<OwnFolders> | null = null;

  function renew(): Promise<OwnFolders> {
    opened = openOwnFolders(ownFolders, open);
    return opened;
  }
  const folders = () => opened ?? renew();

  return {
    folders,
    renew,
    async hides() {
      const own = await folders();
      const indexed = rows.ownDataFolders().map((folder) => (folder === '' ? '' : `${folder}/`));
      return (path) =>
        indexed.some((folder) => path.startsWith(folder)) || own.cover(join(source.path, ...path.split('/')));
    },
  };
}
