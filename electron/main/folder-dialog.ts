/** The system's own dialog for choosing a folder, for the panel in the window: paths that it chose are real ones. */
import type { BrowserWindow, Dialog, IpcMain, WebContents } from 'electron';
import { linkedPort } from './link.ts';

export const folderChannel = 'pilotlight:folder';

export interface FolderDoorOptions {
  ipc: IpcMain;
  dialog: Pick<Dialog, 'showOpenDialog'>;
  windowOf(sender: WebContents): BrowserWindow | null;
}

/** Answers each request on the port that came with it, with a path, or null if none was chosen. One dialog at a time. */
export function openFolderDoor({ ipc, dialog, windowOf }: FolderDoorOptions): void {
  let isOpen = false;
  ipc.on(folderChannel, async (event) => {
    const port = linkedPort(event);
    if (port === null) return;
    let path: string | null = null;
    if (!isOpen) {
      isOpen = true;
      try {
        const options = { properties: ['openDirectory' as const] };
        const window = windowOf(event.sender);
        const { canceled, filePaths } = await (window === null
          ? dialog.showOpenDialog(options)
          : dialog.showOpenDialog(window, options));
        path = canceled ? null : (filePaths[0] ?? null);
      } catch {
        // The window was closed: nobody waits for the answer.
      } finally {
        isOpen = false;
      }
    }
    port.postMessage(path);
    port.close();
  });
}
