import { join } from 'node:path';
import { fact } from '../../shared/models/message.ts';
import { defaultSettings } from '../../shared/models/settings.ts';
import { createPanel } from '../transport/http/panel.ts';
import { createActions } from './actions.ts';
import { externalTarget } from './external.ts';
import { openFolderDoor } from './folder-dialog.ts';
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
    | 'clipboard'
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
  /** Where Electron keeps its own files; only one program runs per folder. */
  userData: string;
  /** Starts the core. Called after the window has painted, so that nothing delays it. */
  startHost(): Promise<DesktopHost>;
  /** Describes a failed start to people. */
  describeError(error: unknown): { title: string; text: string };
  /** Prints a line. */
  print(line: string): void;
}

/** Windows identifies the program by it, for its notifications. The packaged program has the same. */
export const programId = 'app.pilotlight.desktop';

/**
 * The program in a window. Resolves when the core runs, or when there is nothing to do because another program
 * already runs with the same folder.
 */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const { electron, system, print } = options;
  const { app, protocol, shell } = electron;

  // Everything up to whenReady must run before Electron is ready, so nothing may be awaited here.
  hardenApp(app, {
    openExternal(url) {
      const target = externalTarget(url);
      if (target !== null) void shell.openExternal(target);
    },
  });
  protocol.registerSchemesAsPrivileged([
    {
      scheme: panelScheme,
      privileges: {
        ...{ standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, codeCache: true },
        // Recordings and videos are asked for in parts.
        stream: true,
      },
    },
  ]);
  app.setPath('userData', options.userData);
  if (!app.requestSingleInstanceLock()) {
    print('Pilotlight is already open with this data folder; its window was brought to the front.');
    app.quit();
    return;
  }
  app.setAppUserModelId(programId);
  // Only the packaged program has a fixed place that the system can send links to.
  if (app.isPackaged) app.setAsDefaultProtocolClient(panelScheme);

  const { promise: host, resolve: hostStarted, reject: hostFailed } = Promise.withResolvers<DesktopHost>();
  // Callers that wait for the core see its failure; here no one may be waiting yet.
  host.catch(() => {});
  openLinkDoor({
    ipc: electron.ipcMain,
    serve: (port) => void host.then((running) => running.serve(port)).catch(() => port.close()),
  });
  openFolderDoor({
    ipc: electron.ipcMain,
    dialog: electron.dialog,
    windowOf: (sender) => electron.BrowserWindow.fromWebContents(sender),
  });
  const early: (() => void)[] = [];
  let open: OpenDesktop | null = null;
  /** Requests that come before the program is ready are carried out when it is. */
  const whenOpen = (act: (desktop: OpenDesktop) => void) => {
    if (open !== null) act(open);
    else early.push(() => open !== null && act(open));
  };
  const followLink = (link: string | null) =>
    whenOpen((desktop) => link !== null && desktop.answerLink(link));
  app.on('second-instance', (_event, argv) => {
    whenOpen((desktop) => desktop.window.show());
    followLink(findWakeLink(argv));
  });
  app.on('open-url', (event, url) => {
    event.preventDefault();
    followLink(url);
  });
  app.on('activate', () => whenOpen((desktop) => desktop.window.show()));
  app.on('window-all-closed', () => app.quit());

  const [memory] = await Promise.all([
    openWindowMemory(join(options.userData, 'window.json')),
    app.whenReady(),
  ]);
  hardenSession(electron.session.defaultSession);
  const panel = createPanel({ root: options.panelRoot, policy: windowSecurityPolicy });
  protocol.handle(
    panelScheme,
    createPanelHandler({ panel, media: async (query, request) => (await host).media(query, request) }),
  );
  open = openDesktop(options, { host, memory });
  for (const act of early.splice(0)) act();

  const hidden = system.argv.includes(hiddenFlag);
  if (!hidden) {
    open.window.show();
    await open.window.painted;
  }
  followLink(findWakeLink(system.argv));
  try {
    const running = await options.startHost();
    open.follow(running.core);
    hostStarted(running);
    print(`Pilotlight is ready at ${running.url}`);
    // After the ready line, so that it delays nothing.
    void running.openGateway().then(({ url }) => {
      if (url !== null) print(`Point your programs here: ${url}`);
    });
  } catch (error) {
    hostFailed(error);
    const { title, text } = options.describeError(error);
    print(`${title} ${text}`);
    electron.dialog.showErrorBox(title, text);
    app.exit(1);
  }
}

interface OpenDesktop {
  window: MainWindow;
  answerLink(link: string): void;
  /** Connects tray, notifications, settings and sleep to the running core. */
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
    onHidden: () => explainTray(notifier, memory),
  });
  const notifier = createNotifier({
    Notification: electron.Notification,
    isFocused: window.isFocused,
    open: window.show,
  });
  const act = createActions({
    core,
    notifier,
    show: () => window.show(),
    copy: (text) => electron.clipboard.writeText(text),
    quit: () => app.quit(),
  });
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
      return running.finishUpdate();
    };
    end().then(
      (quitsItself) => {
        if (!quitsItself) app.exit(0);
      },
      () => app.exit(1),
    );
  });

  function setShortcut(running: ShellCore): void {
    const { shortcut: keys } = wanted();
    if (shortcut.set(keys)) return;
    running.record({
      kind: 'system',
      severity: 'warning',
      message: fact('SHORTCUT_TAKEN', { keys }),
      why: fact('CHOOSE_OTHER_KEYS'),
      notify: true,
    });
  }

  function setLogin(running: ShellCore): void {
    const { execPath, configFolder, platform } = system;
    setStartAtLogin(wanted().startAtLogin, { app, platform, execPath, configFolder }).catch(() => {
      running.record({
        kind: 'system',
        severity: 'warning',
        message: fact('START_AT_LOGIN_FAILED'),
        why: fact('CHECK_SETTINGS_FOLDER'),
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
      // Every system starts with it off: nothing is written before a person asks for it.
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

/** On a desktop without a tray, the program ends with its window. */
function tryTray(create: () => PilotTray): PilotTray | null {
  try {
    return create();
  } catch {
    return null;
  }
}

/** Shown once, the first time that closing the window leaves the program running. */
function explainTray(notifier: Notifier, memory: WindowMemoryFile): void {
  if (memory.current().toldOfTray) return;
  memory.change({ toldOfTray: true });
  notifier.notify({
    title: 'Pilotlight is still running in the tray',
    body: 'Use its flame to show the window again or to quit. To quit when the window closes, change it in Settings.',
    page: 'settings',
  });
}
