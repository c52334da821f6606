import { busy } from './support/busy-scene.ts';
import { expect, test } from './support/fixtures.ts';

test('a proof is copied as text; where the browser forbids that, it says what else helps', async ({
  page,
  context,
  showScene,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await showScene(busy, '#/index?run=completed');
  const card = page.getByRole('article', { name: 'Proof card of Notes' });
  const messages = page.getByRole('region', { name: 'Messages' });
  await card.getByRole('button', { name: 'Copy as text' }).click();
  await expect(messages).toContainText('Proof copied as text');
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain('Pilotlight · index of Notes · completed');
  expect(text).toContain('Limited by the network to gpu-tower and nas.');
  expect(text).toMatch(/gpu-tower +GPU +█+ 20,760 vectors, 97%/);
  expect(text).toContain('gpu-tower dropped out: nas continues on its CPU.');
  expect(text).toMatch(/2 × The file cannot be read \(EIO\)\. \[FILE_UNREADABLE\]/);

  await context.clearPermissions();
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await card.getByRole('button', { name: 'Copy as text' }).click();
  await expect(messages).toContainText('The browser blocked copying.');
  await expect(messages).toContainText('Print it instead');
});

test('a proof prints alone, without the frame and its buttons', async ({ page, showScene }) => {
  await showScene(busy, '#/index?run=completed');
  const card = page.getByRole('article', { name: 'Proof card of Notes' });
  await expect(card).toBeVisible();
  const printed = page.evaluate(
    () =>
      new Promise<boolean>((done) => {
        window.print = () => done(true);
      }),
  );
  await card.getByRole('button', { name: 'Print proof card' }).click();
  expect(await printed).toBe(true);

  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  await expect(card).toBeVisible();
  await expect(card.getByRole('list', { name: 'Work by machine' })).toBeVisible();
  await expect(card.getByRole('button', { name: 'Copy as text' })).toBeHidden();
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeHidden();
  expect((await card.boundingBox())?.y).toBe(0);
});
