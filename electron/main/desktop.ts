import { join } from 'node:path';
import { plainText } from '../../shared/models/message.ts';
import { defaultSettings } from '../../shared/models/settings.ts';
import { createPanel } from '../transport/http/panel.ts';
import { createActions } from './actions.ts';
import { externalTarget } from './external.ts';
import { openLinkDoor } from './link.ts';
import { hiddenFlag, setStartAtLogin } from './login.ts';
import { menuTemplate } from './menu.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { panelScheme } from './origin.ts';
import { createPanelHandler, windowSecurityPolicy } from './panel-protocol.ts';
import { hardenApp, hardenSession } from './security.ts';
import type { DesktopHost, ShellCore } from './shell-core.ts';
import { createShortcut } from './shortcut.ts';
import { createTray, type PilotTray } from './tray.ts';
import { findWakeLink } from './wake-link.ts';
import { createWakeLinks } from './wake-links.ts';
import { createMainWindow, type MainWindow } from './window.ts';
import { openWindowMemory, type WindowMemoryFile } from './window-memory.ts';

export interface DesktopOptions {
  electron: Pick<
    typeof import('electron'),
    | 'app'
    | 'BrowserWindow'
    | 'dialog'
    | 'globalShortcut'
    | 'ipcMain'
    | 'Menu'
    | 'nativeImage'
    | 'nativeTheme'
    | 'Notification'
    | 'powerMonitor'
    | 'protocol'
    | 'screen'
    | 'session'
    | 'shell'
    | 'Tray'
  >;
  system: {
    platform: NodeJS.Platform;
    argv: readonly string[];
    execPath: string;
    /** Where this user's settings are on Linux. */
    configFolder: string;
  };
  /** Folder of the built panel. */
  panelRoot: string;
  /** The bundled preload script. */
  preload: string;
  /** Folder of the tray's icons. */
  icons: string;
  /** Where Electron keeps its own files; one program for each such folder. */
  userData: string;
  /** Starts the core. Called when the window has painted, so that nothing holds it up. */
  startHost(): Promise<DesktopHost>;
  /** Turns a failed start into what a person reads. */
  describeError(error: unknown): { title: string; text: string };
  /** Prints a line. */
  say(line: string): void;
}

/** Windows names a program by it, for its notifications. The packaged program carries the same. */
export const programId = 'app.pilotlight.desktop';

/**
 * The program in a window. Resolves when the core runs, or when there is nothing to run because another program
 * with the same folder does.
 */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const { electron, system, say } = options;
  const { app, protocol, shell } = electron;

  // Everything up to whenReady must happen before Electron is ready, so nothing may be awaited here.
  hardenApp(app, {
    openExternal(url) {
      const target = externalTarget(url);
      if (target !== null) void shell.openExternal(target);
    },
  });
  protocol.registerSchemesAsPrivileged([
    {
      scheme: panelScheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, codeCache: true },
    },
  ]);
  app.setPath('userData', options.userData);
  if (!app.requestSingleInstanceLock()) {
    say('Pilotlight is open already with this data folder; its window was brought to the front.');
    app.quit();
    return;
  }
  app.setAppUserModelId(programId);
  // The packaged program alone is a fixed place that the system can send links to.
  if (app.isPackaged) app.setAsDefaultProtocolClient(panelScheme);

  const { promise: host, resolve: hostStarted, reject: hostFailed } = Promise.withResolvers<DesktopHost>();
  // Whoever waits for the core hears of its failure; here nobody may be waiting yet.
  host.catch(() => {});
  openLinkDoor({
    ipc: electron.ipcMain,
    serve: (port) => void host.then((running) => running.serve(port)).catch(() => port.close()),
  });
  const early: (() => void)[] = [];
  let open: OpenDesktop | null = null;
  /** What comes before the program is ready is done when it is. */
  const whenOpen = (act: (desktop: OpenDesktop) => void) => {
    if (open !== null) act(open);
    else early.push(() => open !== null && act(open));
  };
  const answer = (link: string | null) => whenOpen((desktop) => link !== null && desktop.answerLink(link));
  app.on('second-instance', (_event, argv) => {
    whenOpen((desktop) => desktop.window.show());
    answer(findWakeLink(argv));
  });
  app.on('open-url', (event, url) => {
    event.preventDefault();
    answer(url);
  });
  app.on('activate', () => whenOpen((desktop) => desktop.window.show()));
  app.on('window-all-closed', () => app.quit());

  const [memory] = await Promise.all([
    openWindowMemory(join(options.userData, 'window.json')),
    app.whenReady(),
  ]);
  hardenSession(electron.session.defaultSession);
  const panel = createPanel({ root: options.panelRoot, policy: windowSecurityPolicy });
  protocol.handle(panelScheme, createPanelHandler({ panel }));
  open = openDesktop(options, { host, memory });
  for (const act of early.splice(0)) act();

  const hidden = system.argv.includes(hiddenFlag);
  if (!hidden) {
    open.window.show();
    await open.window.painted;
  }
  answer(findWakeLink(system.argv));
  try {
    const running = await options.startHost();
    open.follow(running.core);
    hostStarted(running);
    say(`Pilotlight is ready at ${running.url}`);
  } catch (error) {
    hostFailed(error);
    const { title, text } = options.describeError(error);
    say(`${title} ${text}`);
    electron.dialog.showErrorBox(title, text);
    app.exit(1);
  }
}

interface OpenDesktop {
  window: MainWindow;
  answerLink(link: string): void;
  /** The core runs: tray, notifications, settings and sleep follow it. */
  follow(core: ShellCore): void;
}

/** Window, tray, menus and links. Electron is ready. */
function openDesktop(
  options: DesktopOptions,
  { host, memory }: { host: Promise<DesktopHost>; memory: WindowMemoryFile },
): OpenDesktop {
  const { electron, system, preload, icons } = options;
  const { app, dialog, Menu, powerMonitor } = electron;
  const core = host.then((running) => running.core);
  core.catch(() => {});
  let wanted = () => defaultSettings.desktop;
  let quitting = false;

  const window = createMainWindow({
    electron,
    preload,
    memory,
    staysInTray: () => !quitting && tray !== null && wanted().closeToTray,
    onHidden: () => tellOfTray(notifier, memory),
  });
  const notifier = createNotifier({
    Notification: electron.Notification,
    isFocused: window.isFocused,
    open: window.show,
  });
  const act = createActions({ core, notifier, show: () => window.show(), quit: () => app.quit() });
  const tray = tryTray(() => createTray({ electron, platform: system.platform, icons, act }));
  const shortcut = createShortcut({ globalShortcut: electron.globalShortcut, onPressed: window.toggle });
  const answerWakeLink = createWakeLinks({
    dialog,
    core,
    window() {
      window.show();
      return window.current();
    },
  });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate({
        platform: system.platform,
        isPackaged: app.isPackaged,
        open: window.show,
        quit: () => app.quit(),
      }),
    ),
  );

  app.on('before-quit', (event) => {
    if (quitting) return;
    event.preventDefault();
    quitting = true;
    window.remember();
    tray?.stop();
    const end = async () => {
      const running = await host;
      await running.stop();
      await memory.saved();
    };
    end().then(
      () => app.exit(0),
      () => app.exit(1),
    );
  });

  function setShortcut(running: ShellCore): void {
    const { shortcut: keys } = wanted();
    if (shortcut.set(keys)) return;
    running.record({
      kind: 'system',
      severity: 'warning',
      message: plainText(`The shortcut ${keys} could not be taken.`),
      why: plainText('Another program may have it. Choose other keys in Settings.'),
      notify: true,
    });
  }

  function setLogin(running: ShellCore): void {
    const { execPath, configFolder, platform } = system;
    setStartAtLogin(wanted().startAtLogin, { app, platform, execPath, configFolder }).catch(() => {
      running.record({
        kind: 'system',
        severity: 'warning',
        message: plainText('The start at login could not be changed.'),
        why: plainText(
          'The system did not let Pilotlight write it. Check the rights of your settings folder.',
        ),
      });
    });
  }

  return {
    window,
    answerLink: (link) => void answerWakeLink(link),
    follow(running) {
      wanted = () => running.settings.current().desktop;
      tray?.follow(running.streams);
      notifier.follow(running);
      setShortcut(running);
      // Off is how every system begins: nothing is written before a person asks for it.
      if (wanted().startAtLogin) setLogin(running);
      running.settings.onChange(({ desktop: now }, { desktop: before }) => {
        if (now.shortcut !== before.shortcut) setShortcut(running);
        if (now.startAtLogin !== before.startAtLogin) setLogin(running);
      });
      powerMonitor.on('suspend', () => {
        tray?.pause();
        void running.pause();
      });
      powerMonitor.on('resume', () => {
        running.resume();
        if (!quitting) tray?.follow(running.streams);
      });
    },
  };
}

/** A desktop without a tray gets a program that ends with its window. */
function tryTray(create: () => PilotTray): PilotTray | null {
  try {
    return create();
  } catch {
    return null;
  }
}

/** Said once, the first time that a closed window leaves the program running. */
function tellOfTray(notifier: Notifier, memory: WindowMemoryFile): void {
  if (memory.current().toldOfTray) return;
  memory.change({ toldOfTray: true });
  notifier.tell({
    title: 'Pilotlight goes on in the tray',
    body: 'Its flame there shows the window again, and quits. Settings can make a closed window quit.',
    page: 'settings',
  });
}
