/** The Folders port on node:fs. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { Folders } from '../core/ports/local-machine.ts';
import { expandHome, listFolders } from './folder-listing.ts';
import { openOwnFolders } from './own-folders.ts';
import { toFolderError } from './source-folder-error.ts';

/** @param own folders with Pilotlight's own data */
export function createFolders(own: readonly string[] = []): Folders {
  return {
    list: listFolders,
    async resolve(given) {
      const path = expandHome(given);
      const details = { field: 'path', path };
      if (path.includes('\0')) throw new PilotlightError('FOLDER_NOT_FOUND', { details });
      if (!isAbsolute(path)) {
        throw new PilotlightError('FOLDER_NOT_FOUND', {
          message: 'The path of the folder is not absolute.',
          next: 'Start it at the root, like /home/me/notes.',
          details,
        });
      }
      try {
        const canonical = await realpath(path);
        if (!(await stat(canonical)).isDirectory()) throw new PilotlightError('NOT_A_FOLDER', { details });
        await access(canonical, constants.R_OK | constants.X_OK);
        if (await (await openOwnFolders(own)).contain(canonical)) {
          throw new PilotlightError('OWN_DATA_FOLDER', { details });
        }
        return canonical;
      } catch (error) {
        throw toFolderError(error, details);
      }
    },
  };
}
