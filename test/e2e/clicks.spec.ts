/** What people do daily, counted in clicks and keys from a page that was just opened. */
import type { Page } from '@playwright/test';
import { expect, test } from './support/fixtures.ts';
import { everyPower } from './support/power-scenes.ts';
import { everyState } from './support/scenes.ts';
import { searchScene } from './support/search-scene.ts';

/** Counts what a person does. Typing a text counts once, as it takes whatever words it takes. */
function counted(page: Page) {
  let count = 0;
  return {
    count: () => count,
    async click(...target: Parameters<Page['getByRole']>) {
      count += 1;
      await page
        .getByRole(...target)
        .first()
        .click();
    },
    async press(key: string) {
      count += 1;
      await page.keyboard.press(key);
    },
  };
}

test('a passage is found with one key, and read with two', async ({ page, showScene }) => {
  await showScene(searchScene, '#/fleet');
  const person = counted(page);
  await person.press('/');
  await page.keyboard.type('harbour tide');
  await expect(page.getByRole('list', { name: 'Results' })).toContainText('The ship waits for the tide');
  expect(person.count()).toBeLessThanOrEqual(2);
});

test('a machine is woken with one click, in rows and in cards', async ({ page, showScene }) => {
  await showScene(everyState, '#/fleet');
  const person = counted(page);
  await person.click('button', { name: /^Wake lab-2/ });
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('does not answer');
  expect(person.count()).toBeLessThanOrEqual(2);
});

test('why one is on is there without a click', async ({ page, showScene }) => {
  await showScene(everyPower, '#/fleet');
  await expect(page.getByRole('row', { name: /^the very old gaming computer/ })).toContainText(
    'index "Notes"',
  );
});

test('a model is put on a GPU with three clicks', async ({ page, startCore }) => {
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^lab-2.*(serving|gpu-verified)/ })).toBeVisible();
  const person = counted(page);
  await person.click('link', { name: 'Models' });
  await person.click('button', { name: /^llama3.1:8b on lab-2.*: / });
  await person.click('button', { name: 'Force to GPU' });
  await expect(page.getByRole('dialog', { name: /^llama3.1:8b/ })).toContainText(/In VRAM/, {
    timeout: 20_000,
  });
  expect(person.count()).toBeLessThanOrEqual(3);
});

test('a token is rotated with three clicks', async ({ page, startCore }) => {
  const core = await startCore();
  await core.call('access.addKey', { name: 'n8n', kind: 'program', rights: ['infer'] });
  await page.goto(core.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const person = counted(page);
  await person.click('link', { name: 'Settings' });
  await person.click('button', { name: 'Rotate: n8n' });
  await person.click('button', { name: 'Rotate', exact: true });
  await expect(page.getByRole('dialog')).toContainText('pilotlight_key_');
  expect(person.count()).toBeLessThanOrEqual(3);
});
