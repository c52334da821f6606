import { EventEmitter } from 'node:events';
import { app, browser } from './app.ts';
import { ipcMain, nativeTheme } from './parts.ts';
import { WebContents } from './web-contents.ts';

interface Options {
  width?: number;
  height?: number;
  x?: number;
  y?: number;
  show?: boolean;
  title?: string;
  backgroundColor?: string;
  webPreferences?: { preload?: string };
}

/** A window that nobody sees: its page is real, the rest is what it was told. */
export class BrowserWindow extends EventEmitter {
  static readonly #all = new Set<BrowserWindow>();
  static #focused: BrowserWindow | null = null;
  readonly webContents: WebContents;
  readonly options: Options;
  #visible: boolean;
  #minimised = false;
  #maximised = false;
  #destroyed = false;
  #background: string;

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.#all];
  }

  static fromWebContents(contents: unknown): BrowserWindow | null {
    return [...BrowserWindow.#all].find(({ webContents }) => webContents === contents) ?? null;
  }

  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.#focused;
  }

  constructor(options: Options = {}) {
    super();
    this.options = options;
    this.#visible = options.show !== false;
    this.#background = options.backgroundColor ?? '#ffffff';
    const { width = 800, height = 600, webPreferences = {} } = options;
    this.webContents = new WebContents({
      browser: browser(),
      ipc: ipcMain,
      preload: webPreferences.preload,
      width,
      height,
      dark: nativeTheme.shouldUseDarkColors,
    });
    app.emit('web-contents-created', {}, this.webContents);
    this.webContents.once('standin-painted', () => this.emit('ready-to-show'));
    this.webContents.once('destroyed', () => this.#closed());
    nativeTheme.on(
      'updated',
      () => void this.webContents.setDark(nativeTheme.shouldUseDarkColors).catch(() => {}),
    );
    BrowserWindow.#all.add(this);
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }

  show(): void {
    this.#visible = true;
    this.focus();
    this.emit('show');
  }

  hide(): void {
    this.#visible = false;
    this.blur();
    this.emit('hide');
  }

  focus(): void {
    if (!this.#visible) return;
    BrowserWindow.#focused = this;
    this.emit('focus');
  }

  blur(): void {
    if (BrowserWindow.#focused !== this) return;
    BrowserWindow.#focused = null;
    this.emit('blur');
  }

  minimize(): void {
    this.#minimised = true;
    this.blur();
  }

  restore(): void {
    this.#minimised = false;
  }

  maximize(): void {
    this.#maximised = true;
  }

  isVisible = () => this.#visible && !this.#minimised;
  isFocused = () => BrowserWindow.#focused === this;
  isMinimized = () => this.#minimised;
  isMaximized = () => this.#maximised;
  isDestroyed = () => this.#destroyed;
  getTitle = () => this.options.title ?? '';
  getBackgroundColor = () => this.#background;
  getNormalBounds = () => ({
    x: this.options.x ?? 0,
    y: this.options.y ?? 0,
    width: this.options.width ?? 800,
    height: this.options.height ?? 600,
  });

  setBackgroundColor(colour: string): void {
    this.#background = colour;
  }

  /** As by its cross: the program may refuse. */
  close(): void {
    if (this.#destroyed) return;
    let prevented = false;
    this.emit('close', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (!prevented) this.destroy();
  }

  destroy(): void {
    void this.webContents.closePage();
    this.#closed();
  }

  #closed(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.blur();
    BrowserWindow.#all.delete(this);
    this.emit('closed');
    if (BrowserWindow.#all.size === 0 && !app.emit('window-all-closed')) app.quit();
  }
}
