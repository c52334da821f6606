import { createHmac, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { coreIsGone, expect, expectAccessible, expectLive, goTo, test } from './support/fixtures.ts';

test('the one-time address signs a browser in, and leaves no token behind', async ({
  page,
  context,
  secondContext,
  startCore,
  complaints,
}) => {
  const core = await startCore();
  await page.goto(core.url);
  await expect(page.getByRole('heading', { level: 1, name: 'Fleet' })).toBeVisible();
  expect(page.url()).toBe(`${core.origin}/#/fleet`);
  expect(await page.evaluate(() => document.cookie)).toBe('');

  await page.reload();
  await expectLive(page);
  await goTo(page, 'Models');

  // In this browser a used address is as good as any; in another one it opens nothing.
  complaints.allow(/\b401\b/);
  const again = await context.newPage();
  await again.goto(core.url);
  await expectLive(again);
  const other = await secondContext.newPage();
  await other.goto(core.url);
  await expect(other.getByRole('heading', { name: 'This address has already been used' })).toBeVisible();
  await expect(other.getByText('npm run pilotlight -- open')).toBeVisible();
  await expectAccessible(other, 'the page of a used address');

  const bare = await secondContext.newPage();
  await bare.goto(core.origin);
  await expect(bare.getByRole('heading', { name: 'Sign in to Pilotlight' })).toBeVisible();
  await expectAccessible(bare, 'the page of a browser that is not signed in');
});

test('a browser is signed in in every tab, by a bookmark, and after a restart of the core', async ({
  page,
  context,
  startCore,
  complaints,
}) => {
  const first = await startCore();
  await page.goto(first.url);
  await expectLive(page);

  await test.step('a second tab, and a bookmark of a page', async () => {
    const tab = await context.newPage();
    await tab.goto(first.origin);
    await expectLive(tab);
    await tab.close();
    const bookmark = await context.newPage();
    await bookmark.goto(`${first.origin}/#/settings`);
    await expect(bookmark.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
    await expectLive(bookmark);
  });
  expect(await first.call('access.sessions', {})).toHaveLength(1);

  await test.step('the core starts again: open tabs reconnect, and a new one opens', async () => {
    complaints.allow(coreIsGone);
    await first.stop();
    await expect(page.getByText('connection lost')).toBeVisible();
    const second = await startCore();
    expect(second.origin).toBe(first.origin);
    await expectLive(page, { timeout: 20_000 });
    const tab = await context.newPage();
    await tab.goto(second.origin);
    await expectLive(tab);
    expect(await second.call('access.sessions', {})).toHaveLength(1);
  });
});

test('signing in in one tab connects the tabs that wait for it', async ({
  context,
  startCore,
  complaints,
}) => {
  const core = await startCore();
  complaints.allow(/\b401\b/);
  const waiting = await Promise.all([context.newPage(), context.newPage()]);
  for (const tab of waiting) {
    await tab.goto(`${core.origin}/#/models`);
    await expect(tab.getByRole('heading', { name: 'Sign in to Pilotlight' })).toBeVisible();
  }
  // Entered in a tab that is open already, only the fragment of its address changes.
  const [first, second] = waiting;
  await first?.goto(core.url);
  if (!first || !second) throw new Error('There are two tabs.');
  await expectLive(first);
  await expectLive(second);
  expect(first.url()).toBe(`${core.origin}/#/fleet`);
  await expect(second.getByRole('heading', { level: 1, name: 'Models' })).toBeVisible();
});

test('a session that is revoked ends in both tabs at once, and is forgotten', async ({
  page,
  context,
  startCore,
  complaints,
}) => {
  const core = await startCore();
  await page.goto(core.url);
  await expectLive(page);
  const other = await context.newPage();
  await other.goto(core.origin);
  await expectLive(other);
  complaints.allow(/\b401\b/);

  const [session] = await core.call('access.sessions', {});
  await core.call('access.revokeSession', { sessionId: session?.id ?? '' });
  for (const tab of [page, other]) {
    await expect(tab.getByRole('heading', { name: 'You are signed out' })).toBeVisible();
    await expect(tab.getByText('npm run pilotlight -- open')).toBeVisible();
  }
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(kept).not.toContain('pilotlight_session_');

  // A new address signs the browser in again, in every tab.
  await page.goto(await core.newUrl());
  await expectLive(page);
  await expectLive(other);
});

test('a page on another port of this computer can neither read nor use a session', async ({
  page,
  context,
  startCore,
  complaints,
}) => {
  const core = await startCore();
  await page.goto(core.url);
  await expectLive(page);
  const bearer = await page.evaluate(() => {
    const key = Object.keys(localStorage).find((one) => one.startsWith('pilotlight.session.')) ?? '';
    return (JSON.parse(localStorage.getItem(key) ?? '{}') as { bearer: string }).bearer;
  });
  expect(bearer).toMatch(/^pilotlight_session_/);

  const server = createServer((_request, reply) => {
    reply.setHeader('content-type', 'text/html');
    reply.end('<!doctype html><title>Another program</title>');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  complaints.allow(/CORS|frame-ancestors|ERR_FAILED|\b40[134]\b|WebSocket connection to|favicon|ERR_BLOCKED/);
  const stranger = await context.newPage();
  await stranger.goto(`http://127.0.0.1:${port}/`);
  const seen = await stranger.evaluate(
    async ({ origin, bearer }) => {
      const attempt = (work: Promise<unknown>) =>
        work.then(
          () => 'worked',
          () => 'refused',
        );
      const call = (headers: Record<string, string>, mode: RequestMode = 'cors') =>
        fetch(`${origin}/api/call/core.status`, {
          method: 'POST',
          body: '{}',
          headers,
          mode,
          credentials: 'include',
        });
      const socket = new Promise<string>((done) => {
        const link = new WebSocket(`${origin.replace('http', 'ws')}/api/link`, [
          'pilotlight.v1',
          `pilotlight.bearer.${bearer}`,
        ]);
        link.onopen = () => done('worked');
        link.onerror = () => done('refused');
      });
      const frame = new Promise<string>((done) => {
        const inner = document.createElement('iframe');
        inner.onload = () => {
          try {
            done(inner.contentWindow?.localStorage.length === undefined ? 'refused' : 'worked');
          } catch {
            done('refused');
          }
        };
        inner.src = `${origin}/`;
        document.body.append(inner);
      });
      return {
        storage: JSON.stringify({ ...localStorage, ...sessionStorage }),
        cookie: document.cookie,
        // Even with the bearer, which it could not have read.
        call: await attempt(call({ authorization: `Bearer ${bearer}`, 'content-type': 'application/json' })),
        blind: (await call({}, 'no-cors').catch(() => null))?.type ?? 'refused',
        socket: await socket,
        frame: await frame,
      };
    },
    { origin: core.origin, bearer },
  );
  expect(seen).toMatchObject({
    storage: '{}',
    cookie: '',
    call: 'refused',
    socket: 'refused',
    frame: 'refused',
  });
  // A request that the browser sends without showing the answer is refused by the core.
  expect(['opaque', 'refused']).toContain(seen.blind);
  const forged = await fetch(`${core.origin}/api/call/core.status`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, origin: `http://127.0.0.1:${port}` },
  });
  expect(forged.status).toBe(403);
  server.close();
});

test('a program that takes the port over gets neither the session nor its bearer from an open tab', async ({
  page,
  startCore,
  complaints,
}) => {
  const first = await startCore();
  await page.goto(first.url);
  await expectLive(page);
  complaints.allow(coreIsGone);
  // What the thief serves instead of the panel's fonts.
  complaints.allow(/\b(404|500)\b|ERR_|font|OTS parsing/);
  await first.stop();

  const heard: string[] = [];
  const asked = Promise.withResolvers<void>();
  const thief = createServer(async (request, reply) => {
    heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${await text(request)}`);
    reply.setHeader('content-type', 'application/json');
    reply.end(JSON.stringify({ proof: 'ab'.repeat(32), bearer: 'x', session: 'y' }));
    if (heard.filter((line) => line.includes('/api/session/proof')).length >= 2) asked.resolve();
  });
  thief.on('upgrade', (request, socket) => {
    heard.push(`UPGRADE ${JSON.stringify(request.headers)}`);
    socket.destroy();
  });
  const port = Number(new URL(first.origin).port);
  await new Promise<void>((ready) => thief.listen(port, '127.0.0.1', ready));
  await asked.promise;
  await expect(page.getByRole('alert')).toContainText('Another program answers at Pilotlight’s address.');
  const all = heard.join('\n');
  expect(all).not.toContain('pilotlight_session_');
  expect(all).not.toContain('UPGRADE');

  // When the port is free again, the tab comes back by itself.
  thief.closeAllConnections();
  await new Promise((closed) => thief.close(closed));
  await startCore({ port });
  await expectLive(page, { timeout: 20_000 });
});

test('a tab of an earlier version keeps working, and becomes a session when it is reloaded', async ({
  page,
  folder,
  startCore,
}) => {
  const key = randomBytes(32);
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'data', 'session.key'), key, { mode: 0o600 });
  const core = await startCore();
  const body = `${randomBytes(32).toString('base64url')}.${Date.now().toString(36)}`;
  const bearer = `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
  await page.addInitScript((old) => {
    if (sessionStorage.getItem('was here') === null) sessionStorage.setItem('pilotlight.bearer', old);
    sessionStorage.setItem('was here', 'yes');
  }, bearer);
  await page.goto(core.origin);
  await expectLive(page);
  expect(await page.evaluate(() => sessionStorage.getItem('pilotlight.bearer'))).toBeNull();
  expect(await core.call('access.sessions', {})).toHaveLength(1);
  await page.reload();
  await expectLive(page);
});

test('the loss of the core is reported, and its last state stays readable', async ({
  page,
  startCore,
  complaints,
}) => {
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^nas/ })).toBeVisible();
  complaints.allow(coreIsGone);
  await core.kill();
  await expect(page.getByRole('alert')).toContainText('The connection to Pilotlight was lost.');
  await expect(page.getByRole('button', { name: 'Try now' })).toBeVisible();
  await expect(page.getByRole('article', { name: /^nas/ })).toBeVisible();
  // A button pressed meanwhile answers at once.
  await page.getByRole('button', { name: /^Wake gpu-tower/ }).click();
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText(
    'The connection to Pilotlight was lost.',
  );
});

test('a core that does not know the session asks for a new address', async ({
  page,
  startCore,
  complaints,
}) => {
  const first = await startCore();
  await page.goto(first.url);
  await expectLive(page);
  complaints.allow(/\b401\b/);
  await page.evaluate(() => {
    const key = Object.keys(localStorage).find((one) => one.startsWith('pilotlight.session.')) ?? '';
    localStorage.setItem(key, JSON.stringify({ id: 'session_gone', bearer: 'of-a-session-that-is-gone' }));
  });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Sign in to Pilotlight' })).toBeVisible();
});

test('a broken connection is restored, with everything that happened meanwhile', async ({
  page,
  startCore,
}) => {
  const breaks: (() => Promise<void>)[] = [];
  await page.routeWebSocket('**/api/link', (socket) => {
    const server = socket.connectToServer();
    breaks.push(async () => {
      await server.close();
      await socket.close({ code: 1011 });
    });
  });
  const core = await startCore();
  await page.goto(core.url);
  await expect(page.getByRole('button', { name: /^Look around/ })).toBeVisible();
  await breaks[0]?.();
  await expect.poll(() => breaks.length).toBe(2);
  await expectLive(page);
  await page.getByRole('button', { name: /^Look around/ }).click();
  await expect(page.getByRole('article')).toHaveCount(4);
});
