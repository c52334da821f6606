import type { BrowserWindow, MessagePortMain } from 'electron';
import { createPanel } from '../transport/http/panel.ts';
import { openLinkDoor } from './link.ts';
import { panelScheme, panelUrl } from './origin.ts';
import { createPanelHandler, windowSecurityPolicy } from './panel-protocol.ts';
import { hardenApp, hardenSession, windowPreferences } from './security.ts';

/** What the window needs of a running core. */
export interface DesktopHost {
  /** Where the same panel and the control API are served, for the last line of the start. */
  url: string;
  /** Serves the contract on a port, and starts it. */
  serve(port: MessagePortMain): void;
  /** Ends streams, loops and workers, and saves. */
  stop(): Promise<void>;
}

export interface DesktopOptions {
  electron: Pick<
    typeof import('electron'),
    'app' | 'BrowserWindow' | 'dialog' | 'ipcMain' | 'protocol' | 'session'
  >;
  /** Folder of the built panel. */
  panelRoot: string;
  /** The bundled preload script. */
  preload: string;
  /** Where Electron keeps its own files; one window for each such folder. */
  userData: string;
  /** Starts the core. Called when the window is there, so that nothing holds it up. */
  startHost(): Promise<DesktopHost>;
  /** Turns a failed start into what a person reads. */
  describeError(error: unknown): { title: string; text: string };
  /** Prints a line. */
  say(line: string): void;
}

/**
 * The program in a window. Resolves when the core runs, or when there is nothing to run because another window of
 * the same folder is open.
 */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const { app, BrowserWindow: Window, dialog, ipcMain, protocol, session } = options.electron;
  let window: BrowserWindow | null = null;
  let quitting = false;

  // Everything up to whenReady must happen before Electron is ready, so nothing may be awaited here.
  hardenApp(app);
  protocol.registerSchemesAsPrivileged([
    {
      scheme: panelScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, codeCache: true },
    },
  ]);
  app.setPath('userData', options.userData);
  if (!app.requestSingleInstanceLock()) {
    options.say('Pilotlight is open already with this data folder; its window was brought to the front.');
    app.quit();
    return;
  }

  const { promise: host, resolve: hostStarted, reject: hostFailed } = Promise.withResolvers<DesktopHost>();
  // Whoever waits for the core hears of its failure; here nobody may be waiting yet.
  host.catch(() => {});
  openLinkDoor({
    ipc: ipcMain,
    serve: (port) => void host.then((running) => running.serve(port)).catch(() => port.close()),
  });

  function openWindow(): void {
    window = new Window({
      width: 1280,
      height: 800,
      minWidth: 390,
      minHeight: 500,
      show: false,
      autoHideMenuBar: true,
      title: 'Pilotlight',
      backgroundColor: '#0d0f12',
      webPreferences: windowPreferences(options.preload),
    });
    window.once('ready-to-show', () => window?.show());
    window.once('closed', () => {
      window = null;
    });
    void window.loadURL(panelUrl);
  }

  function bringToFront(): void {
    if (window === null) openWindow();
    else {
      if (window.isMinimized()) window.restore();
      window.focus();
    }
  }

  app.on('second-instance', bringToFront);
  app.on('activate', bringToFront);
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (quitting) return;
    event.preventDefault();
    quitting = true;
    void host
      .then((running) => running.stop())
      .then(
        () => app.exit(0),
        () => app.exit(1),
      );
  });

  await app.whenReady();
  hardenSession(session.defaultSession);
  const panel = createPanel({ root: options.panelRoot, policy: windowSecurityPolicy });
  protocol.handle(panelScheme, createPanelHandler({ panel }));
  openWindow();

  try {
    const running = await options.startHost();
    hostStarted(running);
    options.say(`Pilotlight is ready at ${running.url}`);
  } catch (error) {
    hostFailed(error);
    const { title, text } = options.describeError(error);
    options.say(`${title} ${text}`);
    dialog.showErrorBox(title, text);
    app.exit(1);
  }
}
