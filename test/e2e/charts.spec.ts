import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { busy } from './support/busy-scene.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';
import { requestsBusy } from './support/request-scenes.ts';

const plots = (page: Page) => page.getByRole('slider', { name: /^Time on the chart/ });
const plot = (page: Page, name: string) => page.getByRole('slider', { name: `Time on the chart ${name}` });
const crosshairs = (page: Page) => page.locator('[data-crosshair]');
const calls = (page: Page, method: string) =>
  page.evaluate(
    (name) =>
      (window as unknown as { sceneCalls: [string, unknown][] }).sceneCalls
        .filter(([one]) => one === name)
        .map(([, params]) => params),
    method,
  );

/** Where a crosshair is within its plot, in per cent. */
const places = (page: Page) =>
  crosshairs(page).evaluateAll((lines) => lines.map((line) => (line as HTMLElement).style.left));

async function drag(page: Page, name: string, from: number, to: number): Promise<void> {
  await plot(page, name).scrollIntoViewIfNeeded();
  const box = await plot(page, name).boundingBox();
  if (box === null) throw new Error('The chart has no place on the page.');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
}

test('the charts of the Fleet page share a time, a crosshair and a zoom', async ({ page, showScene }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await showScene(busy, '#/fleet');
  await expect(plots(page)).toHaveCount(3);

  await test.step('the crosshair is at the same time on each, with its values', async () => {
    await plot(page, 'VRAM by model').scrollIntoViewIfNeeded();
    const box = await plot(page, 'VRAM by model').boundingBox();
    if (box === null) throw new Error('The chart has no place on the page.');
    await page.mouse.move(box.x + box.width * 0.99, box.y + 20);
    await expect(crosshairs(page)).toHaveCount(3);
    expect(new Set(await places(page)).size).toBe(1);
    await page.mouse.move(box.x, box.y - 60);
    await expect(crosshairs(page)).toHaveCount(0);
  });

  await test.step('a drag zooms in, and Back or a double click undoes it', async () => {
    await drag(page, 'Queue', 0.25, 0.75);
    await expect(page).toHaveURL(/period=\d+-\d+/);
    const [, from, to] = /period=(\d+)-(\d+)/.exec(page.url()) ?? [];
    const minutes = (Number(to) - Number(from)) / 60_000;
    expect(minutes).toBeGreaterThan(28);
    expect(minutes).toBeLessThan(32);
    await expect(page.getByRole('group', { name: 'Time range' }).locator('[aria-pressed=true]')).toHaveCount(
      0,
    );
    await page.goBack();
    await expect(page).not.toHaveURL(/period/);
    await drag(page, 'Queue', 0.75, 0.25);
    await expect(page).toHaveURL(/period=\d+-\d+/);
    await plot(page, 'Queue').dblclick();
    await expect(page).not.toHaveURL(/period/);
  });

  await test.step('a longer time is asked of the core, and kept in the address', async () => {
    await page.getByRole('button', { name: '6 h', exact: true }).click();
    await expect(page).toHaveURL(/period=six-hours/);
    await expect
      .poll(() => calls(page, 'telemetry.queueBuckets'))
      .toContainEqual({ range: 'six-hours', atMost: 120 });
    expect(await calls(page, 'telemetry.buckets')).toContainEqual({ range: 'six-hours', atMost: 120 });
    await page.reload();
    await expect(page.getByRole('button', { name: '6 h', exact: true })).toHaveAttribute(
      'aria-pressed',
      'true',
    );
  });
  await expectAccessible(page, 'the charts of the fleet');
});

test('charts are used with the keyboard alone', async ({ page, showScene }) => {
  await showScene(busy, '#/node/gpu-tower?tab=gpu');
  const use = plot(page, 'Utilisation');
  await use.focus();
  // The newest times may not be known yet.
  await expect(async () => {
    await page.keyboard.press('ArrowLeft');
    await expect(use).toHaveAttribute('aria-valuetext', /Utilisation \d+%/, { timeout: 500 });
  }).toPass();
  const before = await use.getAttribute('aria-valuenow');
  await page.keyboard.press('ArrowLeft');
  await expect(use).not.toHaveAttribute('aria-valuenow', before ?? '');
  await expect(crosshairs(page)).toHaveCount(4);
  await page.keyboard.press('+');
  await expect(page).toHaveURL(/tab=gpu&period=\d+-\d+/);
  await page.keyboard.press('Backspace');
  await expect(page).not.toHaveURL(/period/);
  await page.keyboard.press('Home');
  await expect(use).toHaveAttribute('aria-valuenow', '0');
  await page.keyboard.press('Escape');
  await expect(crosshairs(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Zoom out' }).click();
  await expect(page).toHaveURL(/period=\d+-\d+/);
  await page.getByRole('button', { name: 'Undo zoom' }).click();
  await expect(page).not.toHaveURL(/period/);
});

test('a mean has its lowest and highest value, and a chart can be saved', async ({ page, showScene }) => {
  await showScene(busy, '#/node/gpu-tower?tab=gpu&period=six-hours');
  const power = page.getByRole('figure').filter({ hasText: 'Power' });
  await plot(page, 'Power').focus();
  // The last bucket has only just begun at some times of the clock.
  await page.keyboard.press('End');
  await expect(plot(page, 'Power')).toHaveAttribute('aria-valuetext', /./);
  if (/not known/.test((await plot(page, 'Power').getAttribute('aria-valuetext')) ?? ''))
    await page.keyboard.press('ArrowLeft');
  await expect(plot(page, 'Power')).toHaveAttribute('aria-valuetext', /Power \d+ W \(\d+ W – \d+ W\)/);

  const table = page.waitForEvent('download');
  await power.getByRole('button', { name: /^CSV/ }).click();
  const csv = await readFile(await (await table).path(), 'utf8');
  const [head, ...lines] = csv.trim().split('\r\n');
  expect(head).toBe('time,Power,Power min,Power max');
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.some((line) => /^[\dTZ:.-]+,\d+(\.\d+)?,\d+,\d+$/.test(line))).toBe(true);
  // What was not recorded is empty, and not zero.
  expect(lines.some((line) => /Z,,,$/.test(line))).toBe(true);

  const picture = page.waitForEvent('download');
  await page
    .getByRole('figure')
    .filter({ hasText: 'VRAM by model' })
    .getByRole('button', { name: /^PNG/ })
    .click();
  const png = await readFile(await (await picture).path());
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1920, 840]);
});

test('the charts of requests have the same picker, and every width has room for it', async ({
  page,
  showScene,
}) => {
  await showScene(requestsBusy, '#/requests?by=node&period=day');
  await expect(page.getByRole('button', { name: '24 h', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  );
  await expect.poll(() => calls(page, 'requests.history')).toContainEqual({ range: 'day', atMost: 120 });
  await page.getByRole('button', { name: 'By model' }).click();
  // A change of the page's own fields keeps the period.
  await expect(page).toHaveURL(/#\/requests\?period=day/);
  for (const width of [390, 640, 1280, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    await expectNoSideScroll(page, `the charts at ${width} px`);
  }
});
