import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, expectAccessible, expectLive, expectNoSideScroll, test } from './support/fixtures.ts';

const phone = { width: 390, height: 844 };

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a code opens the panel on a phone, where every page is short and a machine wakes in two taps', async ({
  page,
  startCore,
  secondContext,
}) => {
  test.setTimeout(180_000);
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await expectLive(page);
  await page.goto(`${core.origin}/#/settings`);
  const access = page.getByRole('region', { name: 'Access' });
  await access.getByRole('button', { name: 'Set up' }).click();
  await access.getByRole('checkbox', { name: /^127\.0\.0\.1 / }).check();
  await access.getByLabel('Port').fill(String(await freePort()));
  await access.getByRole('button', { name: 'Open for other devices' }).click();
  await access.getByRole('button', { name: 'Show a code for a phone' }).click();
  await expect(access.getByRole('img', { name: /^QR code/ })).toBeVisible();
  await expect(access.getByRole('timer')).toHaveText(/Valid for [45]:\d\d/);
  await expectAccessible(page, 'the code for a phone');
  const address = (await access.getByText(/#token=/).textContent()) ?? '';

  const device = await secondContext.newPage();
  await device.setViewportSize(phone);
  await device.goto(address);
  await expectLive(device);
  expect(device.url()).not.toContain('token');
  await expect(access.getByRole('list', { name: 'Browsers' }).getByRole('listitem')).toHaveCount(2);

  const screens = () =>
    device.evaluate(() => document.documentElement.scrollHeight / document.documentElement.clientHeight);
  await test.step('a machine wakes in two taps', async () => {
    const sleeping = device
      .getByRole('article')
      .filter({ has: device.getByRole('button', { name: /^Wake/ }) });
    await sleeping.first().getByRole('button', { name: /^Wake/ }).click();
    await expect
      .poll(async () => (await core.call('power.wakes', {})).length, { timeout: 30_000 })
      .toBeGreaterThan(0);
  });
  await test.step('pages are at most four screens long', async () => {
    const nodes = await core.call('fleet.list', {});
    for (const page of ['#/fleet', `#/node/${nodes[0]?.id}`, '#/search']) {
      await device.evaluate((hash) => {
        location.hash = hash;
      }, page);
      await expect(device.getByRole('heading', { level: 1 })).toBeVisible();
      await expect.poll(screens, { message: page }).toBeLessThanOrEqual(4);
      await expectNoSideScroll(device, page);
    }
  });

  await test.step('the code works once, and the device can be signed out', async () => {
    const stranger = await secondContext.browser()?.newContext();
    const other = await stranger?.newPage();
    await other?.goto(address);
    await expect(other?.getByText(/already used|was used|used once/i) ?? page.locator('x')).toBeVisible();
    await stranger?.close();
    await access
      .getByRole('list', { name: 'Browsers' })
      .getByRole('listitem')
      .filter({ hasNotText: 'this browser' })
      .getByRole('button', { name: /^Sign out/ })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await expect(access.getByRole('list', { name: 'Browsers' }).getByRole('listitem')).toHaveCount(1);
  });

  await test.step('closed, nothing listens there any more', async () => {
    await access.getByRole('button', { name: 'Close', exact: true }).click();
    await expect(access.getByRole('button', { name: 'Show a code for a phone' })).toHaveCount(0);
    const origin = new URL(address).origin;
    await expect(fetch(origin)).rejects.toThrow();
  });
});
