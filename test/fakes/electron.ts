import { EventEmitter } from 'node:events';
import type { MenuItemConstructorOptions, MessagePortMain } from 'electron';
import type { DesktopOptions } from '../../electron/main/desktop.ts';
import { linkChannel } from '../../electron/main/link.ts';
import { panelUrl } from '../../electron/main/origin.ts';

/** A port as Electron hands it over, which only remembers whether it was closed. */
export function createFakePort() {
  const port = {
    closed: false,
    close: () => {
      port.closed = true;
    },
  };
  return port;
}

interface WindowOptions {
  show?: boolean;
  webPreferences?: object;
  backgroundColor?: string;
  x?: number;
  y?: number;
  width?: number;
  height?: number;
}

export interface FakeWindow extends EventEmitter {
  options: WindowOptions;
  webContents: EventEmitter;
  background?: string | undefined;
  urls: string[];
  visible: boolean;
  /** How often it was brought to the front. */
  focused: number;
  hasFocus: boolean;
  minimised: boolean;
  /** A person closes it. */
  close(): void;
}

export interface FakeElectronOptions {
  /** Whether this is the only program with its folder. Default true. */
  firstInstance?: boolean;
  isPackaged?: boolean;
  /** A window was told to show a page. Default: it paints. */
  onLoad?: (window: FakeWindow) => void;
  onExit?: (code: number) => void;
  /** What a person answers to a question: the place of the button. Default 0. */
  answer?: () => number;
}

const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1080 } };

/** The parts of Electron that the main process uses, with a diary of what was asked of them. */
export function createFakeElectron(options: FakeElectronOptions = {}) {
  const { firstInstance = true, onExit = () => {}, answer = () => 0 } = options;
  const { onLoad = (window) => window.emit('ready-to-show') } = options;
  const diary: string[] = [];
  const windows: FakeWindow[] = [];
  const notifications: (EventEmitter & { title: string; body: string })[] = [];
  const questions: { message: string; detail: string; buttons: string[] }[] = [];
  const opened: string[] = [];
  const shortcuts = new Map<string, () => void>();
  const ipc = new EventEmitter();
  const ready = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<number>();
  let handle: ((request: Request) => Promise<Response>) | undefined;
  let trayMenu: MenuItemConstructorOptions[] = [];
  let trayImage = '';
  let trayDestroyed = false;
  let applicationMenu: MenuItemConstructorOptions[] = [];

  const app = Object.assign(new EventEmitter(), {
    isPackaged: options.isPackaged ?? false,
    enableSandbox: () => diary.push('sandbox'),
    commandLine: { appendSwitch: () => {} },
    setPath: (name: string, path: string) => diary.push(`${name} ${path}`),
    getAppPath: () => '/app',
    setAppUserModelId: () => {},
    setAsDefaultProtocolClient: (scheme: string) => diary.push(`links of ${scheme}`),
    setLoginItemSettings: (settings: object) => diary.push(`login ${JSON.stringify(settings)}`),
    requestSingleInstanceLock: () => firstInstance,
    whenReady: () => {
      diary.push('wait for ready');
      return ready.promise;
    },
    quit: () => {
      diary.push('quit');
      app.emit('before-quit', { preventDefault: () => diary.push('quit held up') });
    },
    exit: (code: number) => {
      diary.push(`exit ${code}`);
      exited.resolve(code);
      onExit(code);
    },
  });

  function createWindow(windowOptions: WindowOptions): FakeWindow {
    const window: FakeWindow = Object.assign(new EventEmitter(), {
      options: windowOptions,
      webContents: Object.assign(new EventEmitter(), { reload: () => diary.push('reload') }),
      background: windowOptions.backgroundColor,
      urls: [] as string[],
      visible: windowOptions.show !== false,
      focused: 0,
      hasFocus: false,
      minimised: false,
      isDestroyed: () => false,
      isVisible: () => window.visible,
      isFocused: () => window.hasFocus,
      isMaximized: () => false,
      isMinimized: () => window.minimised,
      maximize: () => diary.push('maximise'),
      getNormalBounds: () => ({ x: 10, y: 20, width: 900, height: 700 }),
      setBackgroundColor: (colour: string) => {
        window.background = colour;
      },
      show: () => {
        window.visible = true;
      },
      hide: () => {
        window.visible = false;
      },
      restore: () => {
        window.minimised = false;
      },
      focus: () => {
        window.focused += 1;
      },
      close: () => {
        let prevented = false;
        window.emit('close', {
          preventDefault: () => {
            prevented = true;
          },
        });
        if (prevented) return;
        window.emit('closed');
        app.emit('window-all-closed');
      },
      loadURL: async (url: string) => {
        diary.push(`load ${url}`);
        window.urls.push(url);
        if (window.urls.length === 1) onLoad(window);
      },
    });
    windows.push(window);
    return window;
  }

  const session = Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: () => diary.push('session hardened'),
    setPermissionCheckHandler: () => {},
    setDevicePermissionHandler: () => {},
    setSpellCheckerEnabled: () => {},
    webRequest: { onBeforeRequest: () => {} },
  });
  const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: true });
  const powerMonitor = new EventEmitter();

  const electron = {
    app,
    // Electron's classes are called with `new`, which gives what the function returns.
    BrowserWindow: function BrowserWindow(windowOptions: WindowOptions) {
      return createWindow(windowOptions);
    },
    Tray: function Tray(image: { path: string }) {
      trayImage = image.path;
      return Object.assign(new EventEmitter(), {
        setToolTip: () => {},
        setImage: (next: { path: string }) => {
          trayImage = next.path;
        },
        setContextMenu: (menu: MenuItemConstructorOptions[]) => {
          trayMenu = menu;
        },
        destroy: () => {
          trayDestroyed = true;
        },
      });
    },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (menu: MenuItemConstructorOptions[]) => {
        applicationMenu = menu;
      },
    },
    nativeImage: { createFromPath: (path: string) => ({ path, setTemplateImage: () => {} }) },
    nativeTheme,
    Notification: Object.assign(
      function Notification({ title, body }: { title: string; body: string }) {
        const notification = Object.assign(new EventEmitter(), {
          title,
          body,
          show: () => notifications.push(notification),
        });
        return notification;
      },
      { isSupported: () => true },
    ),
    globalShortcut: {
      register: (keys: string, act: () => void) => {
        if (keys === 'Alt+T') return false;
        shortcuts.set(keys, act);
        return true;
      },
      unregister: (keys: string) => shortcuts.delete(keys),
    },
    powerMonitor,
    screen: { getPrimaryDisplay: () => display, getAllDisplays: () => [display] },
    shell: { openExternal: async (url: string) => opened.push(url) },
    dialog: {
      showErrorBox: (title: string) => diary.push(`error box ${title}`),
      showMessageBox: async (...args: unknown[]) => {
        questions.push(args.at(-1) as (typeof questions)[number]);
        return { response: answer() };
      },
    },
    ipcMain: ipc,
    protocol: {
      registerSchemesAsPrivileged: ([{ scheme }]: [{ scheme: string }]) => diary.push(`scheme ${scheme}`),
      handle: (_scheme: string, handler: (request: Request) => Promise<Response>) => {
        handle = handler;
        diary.push('protocol');
      },
    },
    session: { defaultSession: session },
    safeStorage: { isEncryptionAvailable: () => false },
    utilityProcess: {},
  };

  return {
    electron: electron as unknown as DesktopOptions['electron'] &
      Pick<typeof import('electron'), 'safeStorage' | 'utilityProcess'>,
    app,
    diary,
    windows,
    notifications,
    questions,
    opened,
    shortcuts,
    nativeTheme,
    powerMonitor,
    trayMenu: () => trayMenu,
    trayImage: () => trayImage,
    trayDestroyed: () => trayDestroyed,
    applicationMenu: () => applicationMenu,
    becomeReady: () => ready.resolve(),
    exited: exited.promise,
    /** What the page would get. */
    fetch: (url: string) => handle?.(new Request(url)),
    /** The preload script of the panel sends its port. */
    sendPort: (port: object) => {
      const senderFrame = { url: panelUrl, frameTreeNodeId: 1 };
      const ports = [port as unknown as MessagePortMain];
      ipc.emit(linkChannel, { senderFrame, sender: { mainFrame: senderFrame }, ports });
    },
  };
}
