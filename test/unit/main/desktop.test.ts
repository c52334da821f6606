import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runDesktop } from '../../../electron/main/desktop.ts';
import { panelUrl } from '../../../electron/main/origin.ts';
import type { DesktopHost } from '../../../electron/main/shell-core.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { createFakeElectron, createFakePort, type FakeElectronOptions } from '../../fakes/electron.ts';
import { aGatewayView, aNode, aSource } from '../../fakes/records.ts';
import { createFakeShellCore } from '../../fakes/shell-core.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('runDesktop', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-desktop-'));
    writeFileSync(join(folder, 'index.html'), '<title>Pilotlight</title>');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  type Setup = FakeElectronOptions & { argv?: string[]; desktop?: Partial<Settings['desktop']> };

  function create({ argv = [], desktop = {}, ...options }: Setup = {}) {
    const fake = createFakeElectron(options);
    const shell = createFakeShellCore(desktop);
    const host = Promise.withResolvers<DesktopHost>();
    const gateway = Promise.withResolvers<GatewayView>();
    host.promise.catch(() => {});
    const served: unknown[] = [];
    const lines: string[] = [];
    let stops = 0;
    let finishesUpdate = false;
    const running: DesktopHost = {
      url: 'http://127.0.0.1:4100',
      core: shell.core,
      openGateway: () => gateway.promise,
      media: async () => new Response(null, { status: 404 }),
      serve: (port) => served.push(port),
      stop: async () => {
        stops += 1;
      },
      finishUpdate: () => finishesUpdate,
    };
    const done = runDesktop({
      electron: fake.electron,
      system: { platform: 'linux', argv, execPath: '/bin/pilotlight', configFolder: join(folder, 'config') },
      panelRoot: folder,
      preload: '/dist/preload/preload.cjs',
      icons: '/dist/icons',
      userData: join(folder, 'window'),
      startHost: () => {
        fake.diary.push('start core');
        return host.promise;
      },
      describeError: (error) => ({ title: 'It did not start.', text: String(error) }),
      print: (line) => lines.push(line),
    });
    const finishes = () => {
      finishesUpdate = true;
    };
    return { ...fake, shell, done, host, gateway, running, served, lines, finishes, stops: () => stops };
  }

  async function start(setup: Setup = {}) {
    const desktop = create(setup);
    desktop.becomeReady();
    desktop.host.resolve(desktop.running);
    await desktop.done;
    return { ...desktop, window: () => desktop.windows.at(-1) };
  }

  const trayLabels = (desktop: Pick<Awaited<ReturnType<typeof start>>, 'trayMenu'>) =>
    desktop.trayMenu().map((item) => item.label ?? '—');
  const click = (desktop: Pick<Awaited<ReturnType<typeof start>>, 'trayMenu'>, label: RegExp) => {
    const item = desktop.trayMenu().find((one) => label.test(one.label ?? ''));
    if (item?.click === undefined) throw new Error(`Nothing to click for ${label}.`);
    (item.click as () => void)();
  };

  describe('start', () => {
    it('is hardened before Electron is ready, and the core starts when the window has painted', async () => {
      const desktop = create({ onLoad: () => {} });
      const before = [...desktop.diary];
      expect(before).toEqual([
        'sandbox',
        'scheme pilotlight',
        `userData ${join(folder, 'window')}`,
        'wait for ready',
      ]);
      desktop.becomeReady();
      desktop.host.resolve(desktop.running);
      while (desktop.windows.length === 0) await turn();
      await turn();
      expect(desktop.diary.slice(before.length)).toEqual([
        'session hardened',
        'protocol',
        `load ${panelUrl}`,
      ]);
      expect(desktop.windows[0]?.visible).toBe(false);
      desktop.windows[0]?.emit('ready-to-show');
      expect(desktop.windows[0]?.visible).toBe(true);
      await desktop.done;
      expect(desktop.diary.at(-1)).toBe('start core');
      expect(desktop.windows[0]?.options.webPreferences).toMatchObject({
        sandbox: true,
        preload: '/dist/preload/preload.cjs',
      });
      expect(desktop.lines).toEqual(['Pilotlight is ready at http://127.0.0.1:4100']);
      desktop.gateway.resolve(aGatewayView({ url: 'http://127.0.0.1:11435' }));
      await turn();
      expect(desktop.lines.slice(1)).toEqual([expect.stringContaining('http://127.0.0.1:11435')]);
    });

    it('starts the core also where the page never paints', async () => {
      const failed = create({ onLoad: (window) => window.webContents.emit('did-fail-load') });
      failed.becomeReady();
      failed.host.resolve(failed.running);
      await failed.done;
      expect(failed.diary).toContain('start core');
    });

    it('reloads a page that crashed, unless it crashes before it has loaded', async () => {
      const desktop = await start();
      const page = desktop.window()?.webContents;
      const reloads = () => desktop.diary.filter((entry) => entry === 'reload').length;
      page?.emit('did-finish-load');
      page?.emit('render-process-gone', {}, { reason: 'clean-exit' });
      expect(reloads()).toBe(0);
      page?.emit('render-process-gone', {}, { reason: 'oom' });
      page?.emit('render-process-gone', {}, { reason: 'oom' });
      expect(reloads()).toBe(1);
    });

    it('has the colour of the system before it paints, and follows it', async () => {
      const desktop = await start();
      expect(desktop.window()?.options.backgroundColor).toBe('#0d0f12');
      desktop.nativeTheme.shouldUseDarkColors = false;
      desktop.nativeTheme.emit('updated');
      expect(desktop.window()?.background).toBe('#f6f4f0');
    });

    it('serves the panel by its scheme', async () => {
      const desktop = await start();
      const response = await desktop.fetch(panelUrl);
      expect(await response?.text()).toBe('<title>Pilotlight</title>');
    });

    it('keeps the port of an early window until the core runs', async () => {
      const desktop = create();
      const port = createFakePort();
      desktop.becomeReady();
      desktop.sendPort(port);
      await turn();
      expect(desktop.served).toEqual([]);
      desktop.host.resolve(desktop.running);
      await desktop.done;
      expect(desktop.served).toEqual([port]);
      expect(port.closed).toBe(false);
    });

    it('reports why the core did not start, closes the port and exits', async () => {
      const desktop = create();
      const port = createFakePort();
      desktop.becomeReady();
      desktop.sendPort(port);
      desktop.host.reject(new Error('no luck'));
      await desktop.done;
      expect(await desktop.exited).toBe(1);
      expect(desktop.lines).toEqual(['It did not start. Error: no luck']);
      expect(desktop.diary).toContain('error box It did not start.');
      expect(port.closed).toBe(true);
    });

    it('comes up in the tray alone when the system starts it at login', async () => {
      const desktop = await start({ argv: ['pilotlight', '--hidden'] });
      expect(desktop.windows).toEqual([]);
      expect(desktop.diary).toContain('start core');
      click(desktop, /^Show$/);
      expect(desktop.windows).toHaveLength(1);
    });

    it('registers its links only where it is packaged', async () => {
      expect((await start()).diary).not.toContain('links of pilotlight');
      expect((await start({ isPackaged: true })).diary).toContain('links of pilotlight');
    });
  });

  describe('one program', () => {
    it('quits if a window is already open', async () => {
      const desktop = create({ firstInstance: false });
      await desktop.done;
      expect(desktop.windows).toEqual([]);
      expect(desktop.diary).not.toContain('start core');
      expect(desktop.diary.at(-1)).toBe('quit');
      expect(desktop.lines[0]).toContain('already open');
    });

    it('comes to the front when it is started again, and reopens where it was closed', async () => {
      const desktop = await start({ desktop: { closeToTray: false } });
      const first = desktop.window();
      if (first === undefined) throw new Error('No window was opened.');
      first.minimised = true;
      desktop.app.emit('second-instance', {}, ['pilotlight']);
      expect([first.minimised, first.focused]).toEqual([false, 1]);
      first.emit('closed');
      desktop.app.emit('activate');
      expect(desktop.windows).toHaveLength(2);
    });
  });

  describe('close and quit', () => {
    it('hides in the tray when its window is closed, and explains that once', async () => {
      const desktop = await start();
      desktop.window()?.close();
      expect(desktop.window()?.visible).toBe(false);
      expect(desktop.diary).not.toContain('quit');
      expect(desktop.notifications.map(({ title }) => title)).toEqual([
        'Pilotlight is still running in the tray',
      ]);
      desktop.app.emit('activate');
      expect(desktop.window()?.visible).toBe(true);
      desktop.window()?.close();
      expect(desktop.notifications).toHaveLength(1);
      desktop.app.quit();
      await desktop.exited;
      // And not after the next start either.
      const again = await start();
      again.window()?.close();
      expect(again.notifications).toEqual([]);
    });

    it('quits with its window where the person wants that', async () => {
      const desktop = await start({ desktop: { closeToTray: false } });
      desktop.window()?.close();
      expect(await desktop.exited).toBe(0);
      expect(desktop.stops()).toBe(1);
    });

    it('stops the core before it ends, once, and takes the tray away', async () => {
      const desktop = await start();
      desktop.app.quit();
      desktop.app.quit();
      expect(await desktop.exited).toBe(0);
      expect(desktop.stops()).toBe(1);
      expect(desktop.diary.filter((entry) => entry === 'quit held up')).toHaveLength(1);
      expect(desktop.trayDestroyed()).toBe(true);
    });

    it('replaces itself after the core has stopped, and leaves its end to what that started', async () => {
      const desktop = await start();
      desktop.finishes();
      desktop.app.quit();
      while (desktop.stops() === 0) await turn();
      await turn();
      expect(desktop.diary).not.toContain('exit 0');
      const plain = await start();
      plain.app.quit();
      expect(await plain.exited).toBe(0);
    });

    it('opens where it was, if that place is still there', async () => {
      const desktop = await start();
      desktop.app.quit();
      await desktop.exited;
      const saved = JSON.parse(readFileSync(join(folder, 'window/window.json'), 'utf8'));
      expect(saved.bounds).toEqual({ x: 10, y: 20, width: 900, height: 700 });
      expect((await start()).window()?.options).toMatchObject({ x: 10, y: 20, width: 900, height: 700 });
      writeFileSync(
        join(folder, 'window/window.json'),
        JSON.stringify({ bounds: { x: 5000, y: 20, width: 900, height: 700 } }),
      );
      const elsewhere = (await start()).window()?.options;
      expect(elsewhere).toMatchObject({ width: 900, height: 700 });
      expect(elsewhere).not.toHaveProperty('x');
    });
  });

  describe('tray', () => {
    it('shows the fleet and wakes a node', async () => {
      const desktop = await start();
      desktop.shell.streams.fleet.set(
        'tower',
        aNode({ id: 'tower', name: 'R&D', state: 'off', canWake: true }),
      );
      await desktop.shell.clock.advance(600);
      await turn();
      expect(trayLabels(desktop)).toEqual([
        '1 node · 0 awake',
        '—',
        '○ R&&D · off · Wake',
        '—',
        'Index again',
        'Show',
        'Quit',
      ]);
      click(desktop, /Wake/);
      await turn();
      expect(desktop.shell.diary).toEqual(['power.wake {"nodeId":"tower"}']);
    });

    it('has the flame of the fleet', async () => {
      const desktop = await start();
      expect(desktop.trayImage()).toBe('/dist/icons/hollow.png');
      desktop.shell.streams.fleet.set('a', aNode({ id: 'a', state: 'gpu-verified' }));
      desktop.shell.streams.fleet.set('b', aNode({ id: 'b', state: 'trouble' }));
      await desktop.shell.clock.advance(600);
      await turn();
      expect(desktop.trayImage()).toBe('/dist/icons/filled-trouble.png');
    });

    it('indexes again, and reports why it cannot', async () => {
      const desktop = await start();
      desktop.shell.streams.sources.set('notes', aSource({ id: 'notes' }));
      await desktop.shell.clock.advance(600);
      await turn();
      desktop.shell.failWith(new PilotlightError('NOTHING_TO_INDEX'));
      click(desktop, /^Index again$/);
      await turn();
      expect(desktop.shell.diary).toEqual(['index.start {}']);
      expect(desktop.notifications).toHaveLength(1);
      expect(desktop.notifications[0]?.body).not.toBe('');
    });

    it('listens to the core only while it is there', async () => {
      const desktop = await start();
      const { fleet } = desktop.shell.streams;
      expect(fleet.active).toBe(true);
      desktop.powerMonitor.emit('suspend');
      expect(fleet.active).toBe(false);
      desktop.powerMonitor.emit('resume');
      expect(fleet.active).toBe(true);
      desktop.app.quit();
      expect(fleet.active).toBe(false);
    });
  });

  it('pauses the loops when the computer sleeps, and checks right away when it wakes', async () => {
    const desktop = await start();
    desktop.powerMonitor.emit('suspend');
    expect(desktop.shell.diary).toEqual(['pause']);
    desktop.powerMonitor.emit('resume');
    expect(desktop.shell.diary).toEqual(['pause', 'resume']);
  });

  describe('notifications', () => {
    const entry = (id: number, notify = true) => ({
      id,
      at: id,
      kind: 'power' as const,
      severity: 'error' as const,
      message: plainText(`Thing ${id}.`),
      why: plainText('Because.'),
      nodeId: null,
      notify,
    });

    it('notifies of events that people wait for, and opens their page', async () => {
      const desktop = await start();
      const { streams, clock } = desktop.shell;
      streams.activity.set('1', entry(1));
      streams.activity.set('2', entry(2, false));
      await clock.advance(600);
      expect(desktop.notifications.map(({ title }) => title)).toEqual(['Thing 1.']);
      desktop.notifications[0]?.emit('click');
      expect(desktop.window()?.urls.at(-1)).toBe(`${panelUrl}#/fleet`);
    });

    it('stays quiet while the window has the focus, or when notifications are off', async () => {
      const desktop = await start();
      const window = desktop.window();
      if (window === undefined) throw new Error('No window was opened.');
      window.hasFocus = true;
      desktop.shell.streams.activity.set('1', entry(1));
      await desktop.shell.clock.advance(600);
      window.hasFocus = false;
      desktop.shell.change({ notifications: false });
      desktop.shell.streams.activity.set('2', entry(2));
      await desktop.shell.clock.advance(600);
      desktop.shell.change({ notifications: true });
      desktop.shell.streams.activity.set('3', entry(3));
      await desktop.shell.clock.advance(600);
      expect(desktop.notifications.map(({ title }) => title)).toEqual(['Thing 3.']);
    });

    it('does not repeat what was there before', async () => {
      const desktop = create();
      desktop.shell.streams.activity.set('1', entry(1));
      desktop.becomeReady();
      desktop.host.resolve(desktop.running);
      await desktop.done;
      desktop.shell.streams.activity.set('2', entry(2));
      await desktop.shell.clock.advance(600);
      expect(desktop.notifications.map(({ title }) => title)).toEqual(['Thing 2.']);
    });

    it('also notifies of events in a later snapshot, which comes when the stream no longer has the delta', async () => {
      const desktop = await start();
      const { streams, clock } = desktop.shell;
      for (let id = 1; id <= 1200; id += 1) streams.activity.set(String(id), entry(id, false));
      await clock.advance(600);
      for (let id = 1; id <= 1200; id += 1) streams.activity.delete(String(id));
      streams.activity.set('1201', entry(1201));
      await clock.advance(600);
      expect(desktop.notifications.map(({ title }) => title)).toEqual(['Thing 1201.']);
    });
  });

  describe('links', () => {
    const withTower = (desktop: { shell: ReturnType<typeof createFakeShellCore> }) =>
      desktop.shell.streams.fleet.set('tower', aNode({ id: 'tower', name: 'gpu-tower', canWake: true }));

    it('asks before it wakes, and accepts a no', async () => {
      const desktop = await start();
      withTower(desktop);
      desktop.app.emit('second-instance', {}, ['pilotlight', 'pilotlight://wake/gpu-tower']);
      await turn();
      expect(desktop.questions).toMatchObject([{ message: 'Wake gpu-tower?', defaultId: 0, cancelId: 0 }]);
      expect(desktop.questions[0]?.buttons[0]).toBe('Cancel');
      expect(desktop.shell.diary).toEqual([]);
    });

    it('wakes when the person agrees, whichever way the link arrives', async () => {
      const desktop = await start({ answer: () => 1 });
      withTower(desktop);
      let prevented = false;
      desktop.app.emit('open-url', { preventDefault: () => (prevented = true) }, 'pilotlight://wake/tower');
      await turn();
      expect(prevented).toBe(true);
      expect(desktop.shell.diary).toEqual(['power.wake {"nodeId":"tower"}']);
    });

    it('takes the link of its own start when the core runs', async () => {
      const desktop = create({ argv: ['pilotlight', 'pilotlight://wake/tower'], answer: () => 1 });
      withTower(desktop);
      desktop.becomeReady();
      await turn();
      expect(desktop.questions).toEqual([]);
      desktop.host.resolve(desktop.running);
      await desktop.done;
      await turn();
      expect(desktop.shell.diary).toEqual(['power.wake {"nodeId":"tower"}']);
    });

    it('reports an unknown node, asks one question at a time, and ignores the rest', async () => {
      const answers = Promise.withResolvers<void>();
      const desktop = await start();
      desktop.electron.dialog.showMessageBox = (async (...args: unknown[]) => {
        desktop.questions.push(args.at(-1) as (typeof desktop.questions)[number]);
        await answers.promise;
        return { response: 0, checkboxChecked: false };
      }) as typeof desktop.electron.dialog.showMessageBox;
      for (const link of ['pilotlight://wake/nobody', 'pilotlight://wake/other', 'pilotlight://quit/now']) {
        desktop.app.emit('open-url', { preventDefault: () => {} }, link);
      }
      await turn();
      expect(desktop.questions).toMatchObject([{ message: 'There is no node called “nobody”.' }]);
      answers.resolve();
    });
  });

  describe('settings', () => {
    it('takes the shortcut that is set, and gives it back', async () => {
      const desktop = await start();
      expect([...desktop.shortcuts.keys()]).toEqual([]);
      desktop.shell.change({ shortcut: 'CommandOrControl+Alt+P' });
      desktop.shortcuts.get('CommandOrControl+Alt+P')?.();
      expect(desktop.window()?.focused).toBe(1);
      desktop.shell.change({ shortcut: null });
      expect([...desktop.shortcuts.keys()]).toEqual([]);
      desktop.shell.change({ shortcut: 'Alt+T' });
      expect(desktop.shell.records).toMatchObject([{ message: fact('SHORTCUT_TAKEN', { keys: 'Alt+T' }) }]);
    });

    it('takes the shortcut that was set before from the start', async () => {
      const desktop = await start({ desktop: { shortcut: 'CommandOrControl+Alt+P' } });
      expect([...desktop.shortcuts.keys()]).toEqual(['CommandOrControl+Alt+P']);
    });

    it('writes the start at login only when it is asked for', async () => {
      const file = join(folder, 'config/autostart/pilotlight.desktop');
      const read = () => readFileSync(file, 'utf8');
      const desktop = await start();
      expect(existsSync(file)).toBe(false);
      desktop.shell.change({ startAtLogin: true });
      await expect.poll(read).toContain('Exec="/bin/pilotlight" "/app" "--hidden"');
      desktop.shell.change({ startAtLogin: false });
      await expect.poll(() => existsSync(file)).toBe(false);
    });

    it('reports when start at login cannot be saved', async () => {
      mkdirSync(join(folder, 'config'));
      writeFileSync(join(folder, 'config/autostart'), 'a file in the way');
      const desktop = await start({ desktop: { startAtLogin: true } });
      await expect.poll(() => desktop.shell.records.length).toBe(1);
    });
  });

  it('opens the pages by its menu', async () => {
    const desktop = await start();
    const items = desktop
      .applicationMenu()
      .flatMap((menu) => menu.submenu as { label?: string; click?: () => void }[]);
    items.find((item) => item.label === 'Models')?.click?.();
    expect(desktop.window()?.urls.at(-1)).toBe(`${panelUrl}#/models`);
  });
});
