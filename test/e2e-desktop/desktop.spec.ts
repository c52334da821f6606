import { once } from 'node:events';
import { clickTray, expect, questions, test, trayLabels, windowState } from './support/fixtures.ts';
import { spawnStandIn } from './support/hosts.ts';

test('the panel comes up over its port, and shows the simulated fleet live', async ({
  startDesktop,
  complaints,
}) => {
  const { page, url } = await startDesktop(['--simulate']);
  await expect(page.getByRole('article', { name: /^nas/ })).toContainText('serving');
  expect(page.url()).toBe(url);
  await page.getByRole('button', { name: /^Wake gpu-tower/ }).click();
  await expect(page.getByRole('article', { name: /^gpu-tower/ })).toContainText(/waking|booting|serving/);

  // The page gets three functions and nothing else; there is no Node in it.
  const world = await page.evaluate(() => ({
    bridge: Object.keys(window.pilotlight ?? {}),
    frozen: Object.isFrozen(window.pilotlight),
    node: [typeof Reflect.get(window, 'require'), typeof Reflect.get(window, 'process')],
  }));
  expect(world).toEqual({
    bridge: ['send', 'onMessage', 'chooseFolder'],
    frozen: true,
    node: ['undefined', 'undefined'],
  });

  await page.reload();
  await expect(page.getByRole('article', { name: /^nas/ })).toContainText('serving');
  expect(complaints.list()).toEqual([]);
});

test('a folder is typed, or chosen in the dialog of the system', async ({ startDesktop }) => {
  const desktop = await startDesktop();
  const { page } = desktop;
  await desktop.evaluate(() => void globalThis.desktopProbe.folders.push('/home/me/notes'), null);
  await page.evaluate(() => {
    location.hash = '#/index';
  });
  await page.getByRole('button', { name: 'Add a folder' }).first().click();
  const field = page.getByRole('dialog').getByLabel('Folder', { exact: true });
  await field.fill('/typed');
  await page.getByRole('button', { name: 'Browse' }).click();
  await expect(field).toHaveValue('/home/me/notes');
  // Nothing is chosen the second time, and the path stays.
  await page.getByRole('button', { name: 'Browse' }).click();
  await expect
    .poll(() => desktop.evaluate(() => globalThis.desktopProbe.folderDialogs, null))
    .toEqual([{ properties: ['openDirectory'] }, { properties: ['openDirectory'] }]);
  await expect(page.getByRole('button', { name: 'Browse' })).toBeEnabled();
  await expect(field).toHaveValue('/home/me/notes');
});

test('the page has a policy of its own, and can reach nobody', async ({ startDesktop }) => {
  const { page } = await startDesktop();
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  const reached = await page.evaluate(async () => {
    const attempts = ['https://example.org/', 'http://127.0.0.1:11434/', 'file:///etc/passwd'];
    const results = await Promise.all(
      attempts.map((url) =>
        fetch(url)
          .then(() => url)
          .catch(() => 'refused'),
      ),
    );
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.head.append(script);
    return { results, injected: Reflect.get(window, 'injected') ?? null };
  });
  expect(reached).toEqual({ results: ['refused', 'refused', 'refused'], injected: null });
});

test('the page stays where it is, and opens no other', async ({ startDesktop }) => {
  const desktop = await startDesktop();
  const { page, url } = desktop;
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  await page.evaluate(() => {
    location.href = 'https://example.org/';
  });
  await page.evaluate(() => void window.open('https://ollama.com/library'));
  await page.evaluate(() => void window.open('https://example.org/'));
  await expect
    .poll(() => desktop.evaluate(() => globalThis.desktopProbe.opened, null))
    .toEqual(['https://ollama.com/library']);
  await expect
    .poll(() =>
      page
        .context()
        .pages()
        .filter((one) => /example|ollama/.test(one.url())),
    )
    .toEqual([]);
  expect(page.url()).toBe(url);
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  expect(await windowState(desktop)).toHaveLength(1);
});

test('the page is given no permission', async ({ startDesktop }) => {
  const { page } = await startDesktop();
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  const states = await page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone'] as PermissionName[];
    const asked = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
    return [...asked.map(({ state }) => state), await Notification.requestPermission()];
  });
  expect(states).toEqual(['denied', 'denied', 'denied', 'denied', 'denied']);
});

test('the tray shows the fleet and wakes a node, with the window closed', async ({ startDesktop }) => {
  const desktop = await startDesktop(['--simulate']);
  await expect(desktop.page.getByRole('article', { name: /^nas/ })).toContainText('serving');
  await expect.poll(() => trayLabels(desktop)).toContain('○ gpu-tower (simulated) · off · Wake');
  expect((await trayLabels(desktop)).slice(-3)).toEqual(['Index again', 'Show', 'Quit']);

  await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close(), null);
  await expect.poll(() => windowState(desktop)).toEqual([{ visible: false, focused: false }]);
  expect(
    await desktop.evaluate(() => globalThis.desktopProbe.notifications.map(({ title }) => title), null),
  ).toEqual(['Pilotlight is still running in the tray']);

  await clickTray(desktop, '○ gpu-tower');
  await expect.poll(() => trayLabels(desktop)).toContainEqual(expect.stringMatching(/^[◔◐●] gpu-tower/));
  await clickTray(desktop, 'Show');
  await expect.poll(() => windowState(desktop)).toMatchObject([{ visible: true }]);
  await expect(desktop.page.getByRole('article', { name: /^gpu-tower/ })).toContainText(
    /waking|booting|serving/,
  );
});

test('quits by its tray, and leaves nothing behind', async ({ startDesktop }) => {
  const desktop = await startDesktop();
  await expect(desktop.page.getByText('live', { exact: true })).toBeVisible();
  // The program ends while it answers.
  await clickTray(desktop, 'Quit').catch(() => {});
  expect(await desktop.exited).toBe(0);
});

test('a link asks before it wakes', async ({ startDesktop }) => {
  const desktop = await startDesktop(['--simulate']);
  await expect(desktop.page.getByRole('article', { name: /^nas/ })).toContainText('serving');
  const follow = (link: string) =>
    desktop.evaluate(({ app }, url) => void app.emit('open-url', { preventDefault: () => {} }, url), link);

  await follow('pilotlight://wake/gpu-tower%20(simulated)');
  await expect.poll(() => questions(desktop)).toMatchObject([{ message: 'Wake gpu-tower (simulated)?' }]);
  await expect.poll(() => trayLabels(desktop)).toContain('○ gpu-tower (simulated) · off · Wake');

  await desktop.evaluate(() => void globalThis.desktopProbe.answers.push(1), null);
  await follow('pilotlight://panel/gpu-tower');
  await follow('pilotlight://wake/gpu-tower%20(simulated)');
  await expect.poll(() => trayLabels(desktop)).toContainEqual(expect.stringMatching(/^[◔◐●] gpu-tower/));
  expect(await questions(desktop)).toHaveLength(2);
});

test('what a person waits for is told, while they look elsewhere', async ({ startDesktop }) => {
  const desktop = await startDesktop(['--simulate']);
  const { page } = desktop;
  await expect(page.getByRole('article', { name: /^nas/ })).toContainText('serving');
  await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.blur(), null);
  await page.evaluate(() => {
    // A node that nobody hears: its wake cannot end well.
    const call = (id: number, method: string, params: object) =>
      window.pilotlight?.send({ type: 'call', id, method, params });
    window.pilotlight?.onMessage((message) => {
      if (message.type === 'result' && message.id === 900_001) {
        const { id } = message.result as { id: string };
        call(900_002, 'power.wake', { nodeId: id });
      }
    });
    call(900_000, 'settings.update', { power: { wakeTimeoutMs: 5000 } });
    call(900_001, 'fleet.add', {
      name: 'deaf',
      url: 'http://127.0.0.1:9',
      mac: '02:00:00:00:00:09',
      wakeDestinations: ['127.0.0.1:9'],
    });
  });
  // The simulated fleet has news of its own meanwhile: a model of it came up on the CPU.
  const titles = () =>
    desktop.evaluate(
      () =>
        globalThis.desktopProbe.notifications
          .map(({ title }) => title)
          .filter((title) => title.startsWith('deaf')),
      null,
    );
  await expect.poll(titles, { timeout: 30_000 }).toEqual(['deaf did not wake.']);
  await desktop.evaluate(
    () =>
      void globalThis.desktopProbe.notifications.find(({ title }) => title.startsWith('deaf'))?.emit('click'),
    null,
  );
  await expect.poll(() => windowState(desktop)).toMatchObject([{ focused: true }]);
});

test('a click in the menu opens its page, without loading the panel anew', async ({ startDesktop }) => {
  const desktop = await startDesktop();
  const { page, url } = desktop;
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  await page.evaluate(() => Reflect.set(window, 'mark', 1));
  await desktop.evaluate(({ Menu }) => {
    const items = Menu.getApplicationMenu()?.items.flatMap((menu) => menu.submenu?.items ?? []) ?? [];
    items.find((item) => item.label === 'Models')?.click();
  }, null);
  await expect(page.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
  expect(page.url()).toBe(`${url}#/models`);
  expect(await page.evaluate(() => Reflect.get(window, 'mark'))).toBe(1);
});

test('a second start brings the first window to the front', async ({ startDesktop, dataFolder, host }) => {
  test.skip(host === 'electron', 'Playwright starts Electron only with a window of its own.');
  const desktop = await startDesktop(['--simulate']);
  await expect(desktop.page.getByRole('article', { name: /^nas/ })).toContainText('serving');
  await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize(), null);
  const second = spawnStandIn(['--data', dataFolder, 'pilotlight://wake/gpu-tower%20(simulated)']);
  let said = '';
  second.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(second, 'close');
  expect(code).toBe(0);
  expect(said).toContain('Pilotlight is already open');
  await expect.poll(() => windowState(desktop)).toEqual([{ visible: true, focused: true }]);
  await expect.poll(() => questions(desktop)).toMatchObject([{ message: 'Wake gpu-tower (simulated)?' }]);
});

test('follows the system from dark to light', async ({ startDesktop }) => {
  const desktop = await startDesktop();
  const { page } = desktop;
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  for (const [source, colour] of [
    ['light', '#f6f4f0'],
    ['dark', '#0d0f12'],
  ] as const) {
    await desktop.evaluate(({ nativeTheme }, theme) => {
      nativeTheme.themeSource = theme;
    }, source);
    const isDark = () => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches);
    await expect.poll(isDark).toBe(source === 'dark');
    const behind = await desktop.evaluate(
      ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBackgroundColor().toLowerCase(),
      null,
    );
    expect(behind).toContain(colour.slice(1));
  }
});

test('an index is made by a worker in a process of its own', async ({ startDesktop, dataFolder }) => {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const notes = `${dataFolder}-notes`;
  await mkdir(notes, { recursive: true });
  await writeFile(`${notes}/harbour.md`, '# Harbour\n\nThe ship waits for the tide.\n');
  const desktop = await startDesktop();
  await expect(desktop.page.getByText('live', { exact: true })).toBeVisible();
  const hits = await desktop.page.evaluate(async (path) => {
    const answers = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
    window.pilotlight?.onMessage((message) => {
      if (message.type === 'result') answers.get(message.id)?.resolve(message.result);
      if (message.type === 'error') answers.get(message.id)?.reject(new Error(message.error.message));
    });
    let last = 910_000;
    const call = (method: string, params: object) =>
      new Promise<never>((resolve, reject) => {
        last += 1;
        answers.set(last, { resolve: resolve as (value: unknown) => void, reject });
        window.pilotlight?.send({ type: 'call', id: last, method, params });
      });
    await call('index.addSource', { name: 'Notes', path, embedder: { kind: 'builtin' } });
    const { id } = (await call('index.start', {})) as { id: string };
    const ended = () =>
      call('index.job', { jobId: id }).then(({ status }: { status: string }) =>
        status === 'pending' || status === 'running'
          ? new Promise((next) => requestAnimationFrame(next))
          : status,
      );
    while (typeof (await ended()) !== 'string');
    const result = (await call('index.search', { text: 'tide' })) as { hits: { path: string }[] };
    return result.hits.map((hit) => hit.path);
  }, notes);
  expect(hits).toEqual(['harbour.md']);
});

test('the panel hands out its export, and no other file', async ({ startDesktop, dataFolder }) => {
  const desktop = await startDesktop();
  const { page } = desktop;
  await expect(page.getByText('live', { exact: true })).toBeVisible();
  await desktop.evaluate(({ session }, path) => {
    const downloads: string[] = [];
    Object.assign(globalThis, { downloads });
    // After the program's own listener: it has decided already.
    session.defaultSession.on('will-download', (event, item) => {
      downloads.push(
        `${event.defaultPrevented === true ? 'refused' : 'begun'} ${new URL(item.getURL()).protocol}`,
      );
      // With a path nobody is asked where to save it.
      item.setSavePath(path);
      item.once('done', (_done, state) => downloads.push(`${state} ${item.getFilename()}`));
    });
  }, `${dataFolder}-export.json`);
  const downloads = () => desktop.evaluate(() => Reflect.get(globalThis, 'downloads') as string[], null);

  await page.evaluate(() => {
    const link = document.createElement('a');
    link.href = 'data:text/plain,smuggled';
    link.download = 'smuggled.txt';
    link.click();
  });
  await expect.poll(downloads).toEqual(['refused data:']);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  await expect
    .poll(downloads)
    .toEqual(['refused data:', 'begun blob:', 'completed pilotlight-settings.json']);
  const { readFile } = await import('node:fs/promises');
  expect(JSON.parse(await readFile(`${dataFolder}-export.json`, 'utf8'))).toMatchObject({
    format: 'pilotlight',
  });
});
