import { EventEmitter } from 'node:events';
import type { MessagePortMain } from 'electron';
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

export interface FakeWindow extends EventEmitter {
  preferences: object | undefined;
  shown: boolean;
  focused: number;
  minimised: boolean;
}

export interface FakeElectronOptions {
  /** Whether this is the only program with its folder. Default true. */
  firstInstance?: boolean;
  /** A window was told to show a page. */
  onLoad?: () => void;
  onExit?: (code: number) => void;
}

/** The parts of Electron that the main process uses, with a diary of what was asked of them. */
export function createFakeElectron(options: FakeElectronOptions = {}) {
  const { firstInstance = true, onLoad = () => {}, onExit = () => {} } = options;
  const diary: string[] = [];
  const windows: FakeWindow[] = [];
  const ipc = new EventEmitter();
  const ready = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<number>();
  let handle: ((request: Request) => Promise<Response>) | undefined;

  const app = Object.assign(new EventEmitter(), {
    isPackaged: false,
    enableSandbox: () => diary.push('sandbox'),
    commandLine: { appendSwitch: () => {} },
    setPath: (name: string, path: string) => diary.push(`${name} ${path}`),
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

  function createWindow(preferences: object | undefined): FakeWindow {
    const window: FakeWindow = Object.assign(new EventEmitter(), {
      preferences,
      shown: false,
      focused: 0,
      minimised: false,
      show: () => {
        window.shown = true;
      },
      loadURL: async (url: string) => {
        diary.push(`load ${url}`);
        onLoad();
      },
      isMinimized: () => window.minimised,
      restore: () => {
        window.minimised = false;
      },
      focus: () => {
        window.focused += 1;
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

  const electron = {
    app,
    // Electron's window is a class: it is called with `new`, which gives what the function returns.
    BrowserWindow: function BrowserWindow(options: { webPreferences?: object }) {
      return createWindow(options.webPreferences);
    },
    dialog: { showErrorBox: (title: string) => diary.push(`error box ${title}`) },
    ipcMain: ipc,
    protocol: {
      registerSchemesAsPrivileged: ([{ scheme }]: [{ scheme: string }]) => diary.push(`scheme ${scheme}`),
      handle: (_scheme: string, handler: (request: Request) => Promise<Response>) => {
        handle = handler;
        diary.push('protocol');
      },
    },
    session: { defaultSession: session },
  };

  return {
    electron: electron as unknown as DesktopOptions['electron'],
    app,
    diary,
    windows,
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
