/** The parts of Electron that are told things and show them to a person; here they only keep what they were told. */
import { EventEmitter } from 'node:events';

export const ipcMain = new EventEmitter();

class NativeTheme extends EventEmitter {
  shouldUseDarkColors = true;
  #source = 'system';

  get themeSource(): string {
    return this.#source;
  }

  /** A test switches the system by it, as it can in Electron. */
  set themeSource(source: string) {
    this.#source = source;
    this.shouldUseDarkColors = source !== 'light';
    this.emit('updated');
  }
}
export const nativeTheme = new NativeTheme();
export const powerMonitor = new EventEmitter();

interface Template {
  label?: string;
  type?: string;
  role?: string;
  enabled?: boolean;
  accelerator?: string;
  submenu?: Template[];
  click?: (item: unknown, window: unknown, event: unknown) => void;
}

const roles = new Set(
  'undo redo cut copy paste selectAll close minimize zoom front windowMenu about services hide hideOthers unhide reload resetZoom zoomIn zoomOut togglefullscreen toggleDevTools quit'.split(
    ' ',
  ),
);

class MenuItem {
  readonly label: string;
  readonly type: string;
  readonly role: string | undefined;
  readonly enabled: boolean;
  readonly submenu: Menu | undefined;
  readonly click: () => void;

  constructor(template: Template) {
    const { role } = template;
    if (role !== undefined && !roles.has(role)) throw new Error(`There is no role ${role} in a menu.`);
    if (template.type !== 'separator' && template.label === undefined && role === undefined) {
      throw new Error('A menu item needs a label, a role or a type.');
    }
    this.label = template.label ?? role ?? '';
    this.type = template.type ?? (template.submenu === undefined ? 'normal' : 'submenu');
    this.role = role;
    this.enabled = template.enabled ?? true;
    this.submenu = template.submenu === undefined ? undefined : Menu.buildFromTemplate(template.submenu);
    this.click = () => template.click?.(this, undefined, {});
  }
}

export class Menu {
  static #application: Menu | null = null;
  items: MenuItem[] = [];

  static buildFromTemplate(template: Template[]): Menu {
    const menu = new Menu();
    menu.items = template.map((item) => new MenuItem(item));
    return menu;
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application;
  }
}

export const nativeImage = {
  createFromPath: (path: string) => ({ path, isEmpty: () => false, setTemplateImage: () => {} }),
};

export class Tray extends EventEmitter {
  image: unknown;

  constructor(image: unknown) {
    super();
    this.image = image;
  }

  setImage(image: unknown): void {
    this.image = image;
  }

  setToolTip(): void {}
  setContextMenu(_menu: Menu | null): void {}
  destroy(): void {}
}

export class Notification extends EventEmitter {
  readonly title: string;
  readonly body: string;

  constructor({ title, body }: { title: string; body: string }) {
    super();
    this.title = title;
    this.body = body;
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    this.emit('show');
  }
}

export const dialog = {
  showErrorBox: (title: string, text: string) => void process.stderr.write(`${title}\n${text}\n`),
  /** Nobody is there to answer: the way out is taken. */
  showMessageBox: async (...args: unknown[]) => {
    const { cancelId = 0 } = args.at(-1) as { cancelId?: number };
    return { response: cancelId, checkboxChecked: false };
  },
  showOpenDialog: async (..._args: unknown[]) => ({ canceled: true, filePaths: [] as string[] }),
};

export const shell = { openExternal: async (_url: string) => {} };

const keys = new Map<string, () => void>();
export const globalShortcut = {
  register(accelerator: string, act: () => void): boolean {
    if (keys.has(accelerator)) return false;
    keys.set(accelerator, act);
    return true;
  },
  unregister: (accelerator: string) => void keys.delete(accelerator),
  isRegistered: (accelerator: string) => keys.has(accelerator),
};

const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1080 } };
export const screen = { getPrimaryDisplay: () => display, getAllDisplays: () => [display] };

/** No key store: what Electron says on a Linux without one. */
export const safeStorage = {
  isEncryptionAvailable: () => false,
  getSelectedStorageBackend: () => 'basic_text',
  encryptString: () => {
    throw new Error('Encryption is not available.');
  },
  decryptString: () => {
    throw new Error('Encryption is not available.');
  },
};
