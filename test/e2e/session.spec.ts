import { coreIsGone, expect, expectAccessible, expectLive, goTo, test } from './support/fixtures.ts';

test('the one-time address opens one tab, and leaves no token behind', async ({
  page,
  context,
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

  // What the browser itself writes of the answer 401.
  complaints.allow(/\b401\b/);
  const other = await context.newPage();
  await other.goto(core.url);
  await expect(other.getByRole('heading', { name: 'This address has already been used' })).toBeVisible();
  await expect(other.getByText('npm run pilotlight -- open')).toBeVisible();
  await expectAccessible(other, 'the page of a used address');

  const bare = await context.newPage();
  await bare.goto(core.origin);
  await expect(bare.getByRole('heading', { name: 'This tab needs a new address' })).toBeVisible();
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

test('a core that does not know the tab asks it for a new address', async ({
  page,
  startCore,
  complaints,
}) => {
  const first = await startCore();
  await page.goto(first.url);
  await expectLive(page);
  complaints.allow(/\b401\b|HTTP Authentication failed/);
  await page.evaluate(() => sessionStorage.setItem('pilotlight.bearer', 'of-a-core-that-is-gone'));
  await page.reload();
  await expect(page.getByRole('heading', { name: 'This tab needs a new address' })).toBeVisible();
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
