/**
 * Plays the `electron` module over a real Chromium, for machines that cannot have Electron. docs/desktop.md says what
 * it cannot prove.
 */
import { app } from './app.ts';
import { MessageChannelMain } from './message-channel.ts';
import * as parts from './parts.ts';
import { protocol } from './scheme.ts';
import { defaultSession } from './session.ts';
import { utilityProcess } from './utility-process.ts';
import { BrowserWindow } from './window.ts';

export const {
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  powerMonitor,
  safeStorage,
  screen,
  shell,
  Tray,
} = parts;
export const session = { defaultSession };
export { app, BrowserWindow, MessageChannelMain, protocol, utilityProcess };

const electron = { ...parts, app, BrowserWindow, MessageChannelMain, protocol, session, utilityProcess };

/** A test runs a function here, as Playwright does in Electron's main process. */
interface Request {
  id: number;
  source: string;
  argument: unknown;
}

if (process.send !== undefined) {
  process.on('message', async ({ id, source, argument }: Request) => {
    try {
      // biome-ignore lint/security/noGlobalEval: the text is a function of the test that started this process.
      const run = globalThis.eval(`(${source})`) as (module: typeof electron, argument: unknown) => unknown;
      process.send?.({ kind: 'result', id, result: await run(electron, argument) });
    } catch (error) {
      process.send?.({ kind: 'error', id, message: String((error as Error)?.stack ?? error) });
    }
  });
  // Whoever started it is gone.
  process.once('disconnect', () => process.exit(1));
}
