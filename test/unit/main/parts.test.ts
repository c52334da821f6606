import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { autostartEntry, setStartAtLogin } from '../../../electron/main/login.ts';
import { menuTemplate } from '../../../electron/main/menu.ts';
import { noticesFor } from '../../../electron/main/notices.ts';
import { backgroundColour } from '../../../electron/main/theme.ts';
import { placeWindow, readMemory } from '../../../electron/main/window-place.ts';
import { plainText } from '../../../shared/models/message.ts';
import { UNPRINTABLE } from '../../fakes/unprintable.ts';

const laptop = { x: 0, y: 0, width: 1440, height: 875 };
const left = { x: -1920, y: 100, width: 1920, height: 1040 };

describe('placeWindow', () => {
  it('opens at its usual size in the middle the first time', () => {
    expect(placeWindow(null, [laptop])).toEqual({ width: 1280, height: 800 });
    expect(placeWindow(null, [{ ...laptop, width: 1024, height: 600 }])).toEqual({
      width: 1024,
      height: 600,
    });
  });

  it.each([
    [
      'on the display',
      { x: 100, y: 50, width: 900, height: 700 },
      { x: 100, y: 50, width: 900, height: 700 },
    ],
    [
      'on the second display',
      { x: -1800, y: 200, width: 900, height: 700 },
      { x: -1800, y: 200, width: 900, height: 700 },
    ],
    [
      'partly beside it, with a grip in sight',
      { x: 1300, y: 50, width: 900, height: 700 },
      { x: 1300, y: 50, width: 900, height: 700 },
    ],
    ['beside it', { x: 1400, y: 50, width: 900, height: 700 }, { width: 900, height: 700 }],
    ['under it', { x: 100, y: 860, width: 900, height: 700 }, { width: 900, height: 700 }],
    ['with its title bar above it', { x: 100, y: -20, width: 900, height: 700 }, { width: 900, height: 700 }],
    ['larger than it', { x: 0, y: 0, width: 5000, height: 5000 }, { x: 0, y: 0, width: 1440, height: 875 }],
    ['smaller than it can be', { x: 0, y: 0, width: 10, height: 10 }, { width: 390, height: 500 }],
  ])('a window %s', (_, saved, placed) => {
    expect(placeWindow(saved, [laptop, left])).toEqual(placed);
  });

  it('does without any display', () => {
    expect(placeWindow({ x: 0, y: 0, width: 900, height: 700 }, [])).toEqual({ width: 900, height: 700 });
  });
});

describe('readMemory', () => {
  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"bounds":{"x":"1"}}',
    '{"bounds":{"x":0,"y":0,"width":-1,"height":5}}',
    '{"bounds":{"x":1e9,"y":0,"width":1,"height":1}}',
  ])('takes %j for a first start', (text) => {
    expect(readMemory(text)).toEqual({ bounds: null, maximised: false, toldOfTray: false });
  });

  it('reads what was saved', () => {
    const memory = { bounds: laptop, maximised: true, toldOfTray: true };
    expect(readMemory(JSON.stringify(memory))).toEqual(memory);
  });
});

describe('noticesFor', () => {
  const entry = (id: number) => ({
    id,
    at: id,
    kind: 'placement' as const,
    severity: 'warning' as const,
    message: plainText(`Thing ${id}.`),
    why: plainText('Because.'),
    nodeId: null,
    notify: true,
  });
  const facts = { toldUpTo: 0, wants: () => true, focused: false };

  it('shows each event, or their number if there are many', () => {
    expect(noticesFor({ ...facts, entries: [entry(2), entry(1)] })).toEqual([
      { title: 'Thing 1.', body: 'Because.', page: 'models' },
      { title: 'Thing 2.', body: 'Because.', page: 'models' },
    ]);
    expect(noticesFor({ ...facts, entries: [1, 2, 3, 4].map(entry) })).toEqual([
      { title: '4 new events', body: 'Latest: Thing 4.', page: 'activity' },
    ]);
  });

  it('shows none that the person does not want, and none while the window has the focus', () => {
    const wants = ({ id }: { id: number }) => id !== 2;
    const entries = [entry(1), entry(2), entry(3)];
    expect(noticesFor({ ...facts, wants, entries }).map(({ title }) => title)).toEqual([
      'Thing 1.',
      'Thing 3.',
    ]);
    expect(noticesFor({ ...facts, focused: true, entries })).toEqual([]);
  });

  it.each(UNPRINTABLE)('shows %s of a name as an escape', (_, character) => {
    const named = { ...entry(1), message: plainText(`a${character}b`), why: plainText(`c${character}d`) };
    const [one] = noticesFor({ ...facts, entries: [named] });
    expect(one?.title).toMatch(/^a\\.+b$/);
    expect(one?.body).toMatch(/^c\\.+d$/);
    const many = [1, 2, 3, 4].map((id) => ({ ...named, id }));
    expect(noticesFor({ ...facts, entries: many })[0]?.body).toMatch(/^Latest: a\\.+b$/);
  });
});

describe('menuTemplate', () => {
  const template = (platform: NodeJS.Platform, isPackaged = false) =>
    menuTemplate({ platform, isPackaged, open: () => {}, quit: () => {} });
  const labels = (menus: ReturnType<typeof template>) => menus.map((menu) => menu.label ?? menu.role);
  const roles = (menus: ReturnType<typeof template>) =>
    menus
      .flatMap((menu) => (Array.isArray(menu.submenu) ? menu.submenu : []))
      .flatMap((item) => item.role ?? []);

  it('has what each system is used to', () => {
    expect(labels(template('darwin'))).toEqual(['Pilotlight', 'File', 'Edit', 'View', 'windowMenu']);
    expect(labels(template('win32'))).toEqual(['&File', '&Edit', '&View']);
    expect(labels(template('linux'))).toEqual(['&File', '&Edit', '&View']);
    for (const platform of ['darwin', 'win32'] as const) {
      expect(roles(template(platform))).toEqual(expect.arrayContaining(['copy', 'paste', 'zoomIn', 'close']));
    }
  });

  it('shows no developer tools in the packaged program', () => {
    expect(roles(template('linux'))).toContain('toggleDevTools');
    expect(roles(template('linux', true))).not.toContain('toggleDevTools');
    expect(roles(template('darwin', true))).not.toContain('toggleDevTools');
  });
});

describe('start at login', () => {
  it('quotes what a Linux desktop would take apart', () => {
    const entry = autostartEntry(['/opt/My $App/a"b', '100%', 'back\\slash']);
    expect(entry).toContain(String.raw`Exec="/opt/My \\$App/a\\"b" "100%%" "back\\\\slash"`);
  });

  it.each(['win32', 'darwin'] as const)('asks Electron on %s', async (platform) => {
    const asked: unknown[] = [];
    const app = {
      isPackaged: false,
      getAppPath: () => '/my app',
      setLoginItemSettings: (settings: unknown) => asked.push(settings),
    };
    const options = { app, platform, execPath: '/electron', configFolder: '/nowhere' };
    await setStartAtLogin(true, options);
    await setStartAtLogin(false, { ...options, app: { ...app, isPackaged: true } });
    expect(asked).toEqual([
      { openAtLogin: true, path: '/electron', args: ['"/my app"', '--hidden'] },
      { openAtLogin: false, path: '/electron', args: ['--hidden'] },
    ]);
  });
});

it('has the ground of the panel as its first colour', () => {
  const tokens = readFileSync(new URL('../../../renderer/styles/tokens.css', import.meta.url), 'utf8');
  // Light first, however the two are written.
  const lines = tokens.match(/--ground: .*;/g)?.join('\n') ?? '';
  const grounds = lines.match(/#[0-9a-f]{6}/g);
  expect(grounds).toEqual([backgroundColour(false), backgroundColour(true)]);
});
