import type { MenuItemConstructorOptions } from 'electron';
import type { PanelPage } from './notices.ts';

export interface MenuFacts {
  platform: NodeJS.Platform;
  /** A packaged program has no developer tools. */
  isPackaged: boolean;
  open(page: PanelPage): void;
  quit(): void;
}

const pages: readonly { page: PanelPage; label: string }[] = [
  { page: 'fleet', label: 'Fleet' },
  { page: 'models', label: 'Models' },
  { page: 'index', label: 'Index' },
  { page: 'activity', label: 'Activity' },
];

/** The menus that each system expects: the full set on macOS, fewer on Windows and Linux. */
export function menuTemplate(facts: MenuFacts): MenuItemConstructorOptions[] {
  return facts.platform === 'darwin' ? macMenu(facts) : plainMenu(facts);
}

function macMenu(facts: MenuFacts): MenuItemConstructorOptions[] {
  return [
    {
      label: 'Pilotlight',
      submenu: [
        { role: 'about' },
        { type: 'separator' },
        settingsItem(facts),
        { type: 'separator' },
        { role: 'services' },
        { type: 'separator' },
        { role: 'hide' },
        { role: 'hideOthers' },
        { role: 'unhide' },
        { type: 'separator' },
        quitItem(facts, 'Quit Pilotlight'),
      ],
    },
    { label: 'File', submenu: [{ role: 'close' }] },
    editMenu(),
    viewMenu(facts),
    {
      role: 'windowMenu',
      submenu: [{ role: 'minimize' }, { role: 'zoom' }, { type: 'separator' }, { role: 'front' }],
    },
  ];
}

function plainMenu(facts: MenuFacts): MenuItemConstructorOptions[] {
  return [
    {
      label: '&File',
      submenu: [settingsItem(facts), { type: 'separator' }, { role: 'close' }, quitItem(facts, 'Quit')],
    },
    { ...editMenu(), label: '&Edit' },
    { ...viewMenu(facts), label: '&View' },
  ];
}

function settingsItem({ open }: MenuFacts): MenuItemConstructorOptions {
  return { label: 'Settings…', accelerator: 'CommandOrControl+,', click: () => open('settings') };
}

/** Not the quit role: it could not be told apart from closing the window, which goes to the tray. */
function quitItem({ quit }: MenuFacts, label: string): MenuItemConstructorOptions {
  return { label, accelerator: 'CommandOrControl+Q', click: () => quit() };
}

function editMenu(): MenuItemConstructorOptions {
  return {
    label: 'Edit',
    submenu: [
      { role: 'undo' },
      { role: 'redo' },
      { type: 'separator' },
      { role: 'cut' },
      { role: 'copy' },
      { role: 'paste' },
      { role: 'selectAll' },
    ],
  };
}

function viewMenu({ isPackaged, open }: MenuFacts): MenuItemConstructorOptions {
  return {
    label: 'View',
    submenu: [
      ...pages.map(({ page, label }, index) => ({
        label,
        accelerator: `CommandOrControl+${index + 1}`,
        click: () => open(page),
      })),
      { type: 'separator' },
      { role: 'reload' },
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      { type: 'separator' },
      { role: 'togglefullscreen' },
      ...(isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
    ],
  };
}
