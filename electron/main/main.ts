/** The same core in Electron's main process; the panel in a window. */
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, ipcMain, protocol, session } from 'electron';
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { openDataFolder } from '../host/data-folder.ts';
import { runDesktop } from './desktop.ts';
import { readOptions } from './options.ts';

const inBuild = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);

/** What a person reads when it could not start. */
function describeError(error: unknown): { title: string; text: string } {
  const { code, message, next } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  if (!isPilotlightError(error)) process.stderr.write(`${String((error as Error)?.stack ?? error)}\n`);
  return { title: `${message} (${code})`, text: next };
}

// A terminal that went away is no reason to stop.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

try {
  const { data, port, simulate } = readOptions(process.argv, app.isPackaged);
  const dataFolder = openDataFolder(data);
  void runDesktop({
    electron: { app, BrowserWindow, dialog, ipcMain, protocol, session },
    panelRoot: inBuild('renderer'),
    preload: inBuild('preload/preload.cjs'),
    userData: `${dataFolder}/window`,
    async startHost() {
      // Loaded when the window is there: the core's modules must not hold it up.
      const [{ startHost }, { createDesktopHost }] = await Promise.all([
        import('../host/start-host.ts'),
        import('./desktop-host.ts'),
      ]);
      return createDesktopHost(await startHost({ dataFolder, port, simulate }));
    },
    describeError,
    say,
  });
} catch (error) {
  const { title, text } = describeError(error);
  process.stderr.write(`${title}\n${text}\n`);
  dialog.showErrorBox(title, text);
  app.exit(1);
}
