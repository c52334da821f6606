import type { BrowserWindow, NativeTheme, Screen } from 'electron';
import type { PanelPage } from './notices.ts';
import { panelUrl } from './origin.ts';
import { windowPreferences } from './security.ts';
import { backgroundColour } from './theme.ts';
import type { WindowMemoryFile } from './window-memory.ts';
import { placeWindow, smallestWindow } from './window-place.ts';

export interface MainWindowOptions {
  electron: {
    BrowserWindow: typeof BrowserWindow;
    screen: Pick<Screen, 'getAllDisplays' | 'getPrimaryDisplay'>;
    nativeTheme: NativeTheme;
  };
  preload: string;
  memory: WindowMemoryFile;
  /** Whether closing the window hides it in the tray. */
  staysInTray(): boolean;
  /** The window was hidden in the tray. */
  onHidden(): void;
}

export interface MainWindow {
  /** Opens the window or brings it to the front, on the given page of the panel if there is one. */
  show(page?: PanelPage): void;
  /** Shows the window, or hides it if it has the focus. */
  toggle(): void;
  isFocused(): boolean;
  current(): BrowserWindow | null;
  /** Resolves when the first window has painted, or when it never will. */
  readonly painted: Promise<void>;
  /** Saves the position of the window. */
  remember(): void;
}

/** The one window of the program. */
export function createMainWindow(options: MainWindowOptions): MainWindow {
  const { electron, preload, memory } = options;
  const { BrowserWindow: Window, screen, nativeTheme } = electron;
  const { promise: painted, resolve: hasPainted } = Promise.withResolvers<void>();
  let window: BrowserWindow | null = null;

  function open(page: PanelPage | undefined): void {
    const { bounds, maximised } = memory.current();
    const opened = new Window({
      ...placeWindow(bounds, workAreas(screen)),
      minWidth: smallestWindow.width,
      minHeight: smallestWindow.height,
      show: false,
      autoHideMenuBar: true,
      title: 'Pilotlight',
      backgroundColor: backgroundColour(nativeTheme.shouldUseDarkColors),
      webPreferences: windowPreferences(preload),
    });
    window = opened;
    if (maximised) opened.maximize();
    let shown = false;
    let loaded = false;
    const reveal = () => {
      if (!shown && !opened.isDestroyed()) opened.show();
      shown = true;
      hasPainted();
    };
    opened.once('ready-to-show', reveal);
    // A display server that never reports the first paint must not keep the window hidden.
    opened.webContents.once('did-finish-load', reveal);
    opened.webContents.once('did-fail-load', reveal);
    opened.webContents.on('render-process-gone', (_event, { reason }) => {
      hasPainted();
      if (reason === 'clean-exit' || opened.isDestroyed()) return;
      // Reloading a page that crashed before it loaded could go on indefinitely.
      if (loaded) opened.webContents.reload();
      loaded = false;
    });
    opened.webContents.on('did-finish-load', () => {
      loaded = true;
    });
    opened.on('close', (event) => {
      remember();
      if (!options.staysInTray()) return;
      event.preventDefault();
      opened.hide();
      options.onHidden();
    });
    opened.once('closed', () => {
      window = null;
      hasPainted();
    });
    void opened.loadURL(urlOf(page)).catch(() => {});
  }

  function remember(): void {
    if (window === null || window.isDestroyed()) return;
    memory.change({ bounds: window.getNormalBounds(), maximised: window.isMaximized() });
  }

  function show(page?: PanelPage): void {
    if (window === null) {
      open(page);
      return;
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    // Only the fragment changes, so the page keeps running and its links stay open.
    if (page !== undefined) void window.loadURL(urlOf(page)).catch(() => {});
  }

  nativeTheme.on('updated', () => {
    window?.setBackgroundColor(backgroundColour(nativeTheme.shouldUseDarkColors));
  });

  return {
    show,
    toggle() {
      if (window?.isVisible() && window.isFocused()) window.hide();
      else show();
    },
    isFocused: () => window?.isVisible() === true && window.isFocused(),
    current: () => window,
    painted,
    remember,
  };
}

const urlOf = (page: PanelPage | undefined) => (page === undefined ? panelUrl : `${panelUrl}#/${page}`);

/** The main display comes first. */
function workAreas(screen: MainWindowOptions['electron']['screen']) {
  const main = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter((display) => display.id !== main.id);
  return [main, ...others].map((display) => display.workArea);
}
