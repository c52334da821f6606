import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DesktopHost, runDesktop } from '../../../electron/main/desktop.ts';
import { panelUrl } from '../../../electron/main/origin.ts';
import { createFakeElectron, createFakePort } from '../../fakes/electron.ts';

describe('runDesktop', () => {
  let panelRoot: string;

  beforeEach(() => {
    panelRoot = mkdtempSync(join(tmpdir(), 'pilotlight-desktop-'));
    writeFileSync(join(panelRoot, 'index.html'), '<title>Pilotlight</title>');
  });

  afterEach(() => {
    rmSync(panelRoot, { recursive: true, force: true });
  });

  function create(settings: { firstInstance?: boolean } = {}) {
    const fake = createFakeElectron(settings);
    const host = Promise.withResolvers<DesktopHost>();
    const served: unknown[] = [];
    const lines: string[] = [];
    let stops = 0;
    const running: DesktopHost = {
      url: 'http://127.0.0.1:4100',
      serve: (port) => served.push(port),
      stop: async () => {
        stops += 1;
      },
    };
    const done = runDesktop({
      electron: fake.electron,
      panelRoot,
      preload: '/dist/preload/preload.cjs',
      userData: '/data/window',
      startHost: () => {
        fake.diary.push('start core');
        return host.promise;
      },
      describeError: (error) => ({ title: 'It did not start.', text: String(error) }),
      say: (line) => lines.push(line),
    });
    return { ...fake, done, host, running, served, lines, stops: () => stops };
  }

  it('is hardened before Electron is ready, and opens the window before the core starts', async () => {
    const desktop = create();
    const before = [...desktop.diary];
    desktop.becomeReady();
    desktop.host.resolve(desktop.running);
    await desktop.done;
    expect(before).toEqual(['sandbox', 'scheme pilotlight', 'userData /data/window', 'wait for ready']);
    expect(desktop.diary.slice(before.length)).toEqual([
      'session hardened',
      'protocol',
      `load ${panelUrl}`,
      'start core',
    ]);
    expect(desktop.windows[0]?.preferences).toMatchObject({
      sandbox: true,
      preload: '/dist/preload/preload.cjs',
    });
    expect(desktop.lines).toEqual(['Pilotlight is ready at http://127.0.0.1:4100']);
  });

  it('shows the window when it has something to show', async () => {
    const desktop = create();
    desktop.becomeReady();
    desktop.host.resolve(desktop.running);
    await desktop.done;
    const [window] = desktop.windows;
    expect(window?.shown).toBe(false);
    window?.emit('ready-to-show');
    expect(window?.shown).toBe(true);
  });

  it('serves the panel by its scheme', async () => {
    const desktop = create();
    desktop.becomeReady();
    desktop.host.resolve(desktop.running);
    await desktop.done;
    const response = await desktop.fetch(panelUrl);
    expect(await response?.text()).toBe('<title>Pilotlight</title>');
  });

  it('keeps the port of an early window until the core runs', async () => {
    const desktop = create();
    const port = createFakePort();
    desktop.becomeReady();
    desktop.sendPort(port);
    expect(desktop.served).toEqual([]);
    desktop.host.resolve(desktop.running);
    await desktop.done;
    expect(desktop.served).toEqual([port]);
    expect(port.closed).toBe(false);
  });

  it('says why the core did not start, closes the port and ends', async () => {
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

  it('stops the core before it ends, once', async () => {
    const desktop = create();
    desktop.becomeReady();
    desktop.host.resolve(desktop.running);
    await desktop.done;
    desktop.app.emit('window-all-closed');
    desktop.app.quit();
    expect(await desktop.exited).toBe(0);
    expect(desktop.stops()).toBe(1);
    expect(desktop.diary.filter((entry) => entry === 'quit held up')).toHaveLength(1);
  });

  it('leaves the field to a window that is open already', async () => {
    const desktop = create({ firstInstance: false });
    await desktop.done;
    expect(desktop.windows).toEqual([]);
    expect(desktop.diary).not.toContain('start core');
    expect(desktop.diary.at(-1)).toBe('quit');
    expect(desktop.lines[0]).toContain('open already');
  });

  it('comes to the front when it is started again, and opens anew where it was closed', async () => {
    const desktop = create();
    desktop.becomeReady();
    desktop.host.resolve(desktop.running);
    await desktop.done;
    const [window] = desktop.windows;
    if (window === undefined) throw new Error('No window was opened.');
    window.minimised = true;
    desktop.app.emit('second-instance');
    expect([window.minimised, window.focused]).toEqual([false, 1]);
    window.emit('closed');
    desktop.app.emit('activate');
    expect(desktop.windows).toHaveLength(2);
  });
});
