import type { Page } from '@playwright/test';
import type { RequestView } from '../../shared/models/requests.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';
import { gatewayPolicies } from './support/gateway-scenes.ts';
import {
  request,
  requestsBusy,
  requestsGatewayOff,
  requestsKeeping,
  requestsNone,
  requestsPortTaken,
  requestsThousand,
} from './support/request-scenes.ts';

type Calls = [method: string, params: Record<string, unknown>][];

const calls = (page: Page, method: string) =>
  page.evaluate(
    (name) =>
      (window as unknown as { sceneCalls: Calls }).sceneCalls
        .filter(([called]) => called === name)
        .map(([, params]) => params),
    method,
  );

const change = (page: Page, requests: readonly RequestView[], removed: string[] = []) =>
  page.evaluate(
    ([set, gone]) => {
      const scene = window as unknown as {
        sceneChange(stream: string, set: [string, unknown][], removed: string[]): void;
      };
      scene.sceneChange(
        'requests',
        set.map((one) => [one.id, one]),
        gone,
      );
    },
    [requests, removed] as const,
  );

const grid = (page: Page) => page.getByRole('grid', { name: 'Requests' });
const row = (page: Page, name: RegExp) => grid(page).getByRole('row', { name });
const rowIds = (page: Page) =>
  grid(page)
    .locator('[data-row]')
    .evaluateAll((rows) => rows.map((one) => (one as HTMLElement).dataset.row));

test('those in progress are on top, and what waits says how long', async ({ page, showScene }) => {
  // Four sizes, and every rule of axe: the usual limit is for one.
  test.slow();
  await showScene(requestsBusy, '#/requests');
  await expect(row(page, /^Answering, Open WebUI/)).toBeVisible();
  expect((await rowIds(page)).slice(0, 5)).toEqual(['queued-2', 'answering', 'sent', 'queued-1', 'waking']);
  await expect(row(page, /^Queued, n8n/)).toContainText('8 s');
  await expectAccessible(page, 'the requests');
  for (const width of [390, 900, 1280, 2560]) {
    await page.setViewportSize({ width, height: 800 });
    await expect(row(page, /^Answering, Open WebUI/)).toBeVisible();
    await expectNoSideScroll(page, `the requests at ${width}`);
  }
});

test('the order is held while the pointer is in the list', async ({ page, showScene }) => {
  await showScene(requestsBusy, '#/requests');
  await row(page, /^Answering, Open WebUI/).hover();
  const before = await rowIds(page);
  const [answering] = requestsBusy.streams.requests?.find(([id]) => id === 'answering')?.slice(1) ?? [];
  await change(page, [
    request('brand-new', { at: Date.now(), state: 'queued', program: 'Newcomer' }),
    { ...(answering as RequestView), state: 'completed', durationMs: 9500 },
  ]);
  const show = page.getByRole('button', { name: 'Show 1 new' });
  await expect(show).toBeVisible();
  await expect(row(page, /^Completed, Open WebUI, llama3.1:8b, on lab-4$/).first()).toBeVisible();
  expect(await rowIds(page)).toEqual(before);
  await show.click();
  await expect(row(page, /Newcomer/)).toBeVisible();
  expect((await rowIds(page))[0]).toBe('brand-new');
});

test('a thousand are drawn only where they are seen, and the keys reach all', async ({ page, showScene }) => {
  await showScene(requestsThousand, '#/requests');
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '1006');
  expect((await rowIds(page)).length).toBeLessThan(40);
  await row(page, /^Queued, Unnamed/).focus();
  await page.keyboard.press('End');
  await expect(page.locator('#row-many-999')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(page.locator('#row-many-998')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(page.locator('#row-queued-2')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'llama3.1:8b' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.locator('#row-answering')).toBeFocused();
  expect((await rowIds(page)).length).toBeLessThan(60);
});

test('filters are in the address and survive a reload', async ({ page, showScene }) => {
  await showScene(requestsBusy, '#/requests');
  await page.getByRole('button', { name: 'Failed', exact: true }).click();
  await page.getByLabel('Search requests').fill('gpt-oss');
  await expect(grid(page).locator('[data-row]')).toHaveCount(1);
  await expect(page).toHaveURL(/#\/requests\?state=failed&text=gpt-oss$/);
  await page.reload();
  await expect(row(page, /^Refused, Open WebUI, gpt-oss:120b$/)).toBeVisible();
  await page.getByLabel('Search requests').fill('nothing like it');
  await expect(page.getByText('No matching requests')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await expect(grid(page)).toHaveAttribute('aria-rowcount', '13');
  await page.getByRole('combobox', { name: 'Program' }).selectOption({ label: 'Unnamed program' });
  await expect(row(page, /^Queued, Unnamed program/)).toBeVisible();
  await expect(grid(page).locator('[data-row]')).toHaveCount(1);
});

test('one request has an address, its timeline and its problem', async ({ page, showScene }) => {
  await showScene(requestsBusy, '#/requests?request=failed');
  const sheet = page.getByRole('dialog', { name: 'llama3.1:8b' });
  await expect(sheet.getByText('nas stopped in the middle of its answer.')).toBeVisible();
  await expect(sheet.getByText('NODE_CUT_OFF').first()).toBeVisible();
  await sheet.getByText('Each step').click();
  await expect(sheet.getByText('HOST_UNREACHABLE')).toBeVisible();
  await expect(sheet.getByRole('button', { name: 'Cancel request' })).toHaveCount(0);
  await expectAccessible(page, 'one request');
  await sheet.getByRole('button', { name: 'Close' }).click();
  await expect(page).toHaveURL(/#\/requests$/);
  await row(page, /^Sent, Continue/).click();
  await expect(page).toHaveURL(/request=sent$/);
  await page.goBack();
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

test('cancelling asks only where an answer would be cut off', async ({ page, showScene }) => {
  await showScene(requestsBusy, '#/requests?request=waking');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel request' }).click();
  await expect.poll(() => calls(page, 'requests.cancel')).toEqual([{ id: 'waking' }]);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await row(page, /^Answering, Open WebUI/).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel request' }).click();
  const confirm = page.getByRole('dialog', { name: 'Cancel this request?' });
  await expectAccessible(page, 'the question before an answer is cut off');
  await confirm.getByRole('button', { name: 'Back' }).click();
  expect(await calls(page, 'requests.cancel')).toHaveLength(1);
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel request' }).click();
  await confirm.getByRole('button', { name: 'Cancel request' }).click();
  await expect.poll(() => calls(page, 'requests.cancel')).toEqual([{ id: 'waking' }, { id: 'answering' }]);
});

test('kept prompts are marked, shown on request, and forgotten', async ({ page, showScene }) => {
  await showScene(requestsKeeping, '#/requests?request=loaded');
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByText('Why is the sky blue?')).toHaveCount(0);
  await sheet.getByRole('button', { name: 'Show prompt' }).click();
  await expect(sheet.getByText('Why is the sky blue?')).toBeVisible();
  await expectAccessible(page, 'a prompt');
  await page.keyboard.press('Escape');
  const mark = page.getByRole('region', { name: 'Prompts are being kept' });
  await expect(mark).toContainText(/\d+:\d\d/);
  await mark.getByRole('button', { name: 'Stop and forget' }).click();
  await expect.poll(() => calls(page, 'requests.keepPrompts')).toEqual([{ on: false }]);
});

test('prompts are not kept unless somebody turns it on', async ({ page, showScene }) => {
  await showScene(requestsBusy, '#/requests');
  const keep = page.getByRole('switch', { name: /^Keep prompts for an hour/ });
  await expect(keep).not.toBeChecked();
  await expect(page.getByRole('region', { name: 'Prompts are being kept' })).toHaveCount(0);
  expect(await calls(page, 'requests.keepPrompts')).toEqual([]);
});

test('charts have tables, and their division is in the address', async ({ page, showScene }) => {
  await showScene(requestsBusy, '#/requests');
  await page.getByRole('button', { name: 'By machine' }).click();
  await expect(page).toHaveURL(/by=node/);
  const rate = page.getByRole('region', { name: 'Requests', exact: true });
  await rate.getByText('Table').click();
  await expect(rate.getByRole('columnheader', { name: 'lab-4' })).toBeVisible();
  await page.getByRole('button', { name: '24 h', exact: true }).click();
  await expect
    .poll(() => calls(page, 'requests.history'))
    .toContainEqual(expect.objectContaining({ range: 'day' }));
  await expectAccessible(page, 'the charts of requests');
});

test('each empty page says what to do', async ({ page, showScene }) => {
  await showScene(requestsNone, '#/requests');
  await expect(page.getByText('No requests yet')).toBeVisible();
  await expect(page.getByText('http://127.0.0.1:11435')).toBeVisible();
  await expectAccessible(page, 'no requests');
});

test('a gateway that is off leads to its setting', async ({ page, showScene }) => {
  await showScene(requestsGatewayOff, '#/requests');
  await expect(page.getByText('The gateway is off')).toBeVisible();
  await page.getByRole('button', { name: 'Gateway settings' }).click();
  await expect(page.getByRole('switch', { name: 'Gateway' })).toBeFocused();
});

test('a gateway that cannot listen says why', async ({ page, showScene }) => {
  await showScene(requestsPortTaken, '#/requests');
  await expect(page.getByText('ollama-herd', { exact: false })).toBeVisible();
});

test('policies are edited in rows, checked beside the field, and saved together', async ({
  page,
  showScene,
}) => {
  await showScene(gatewayPolicies, '#/settings?setting=gateway.policies');
  const settings = page.getByRole('region', { name: 'Gateway' });
  await expect(settings.getByRole('button', { name: 'Add a policy' })).toBeFocused();
  const second = settings.getByRole('group', { name: 'policy 2' });
  await expect(second.getByText('No machine has it now.')).toBeVisible();
  const seconds = settings.getByLabel('Use the CPU after (seconds)');
  await seconds.fill('soon');
  await expect(seconds).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await expectAccessible(page, 'a policy that cannot be saved');
  await seconds.fill('45');
  await settings.getByRole('button', { name: 'Move rule 2 up' }).click();
  await settings.getByLabel('Other calls that name a model').check();
  // What is edited stays while the settings are searched.
  await page.getByLabel('Search settings').fill('theme');
  await expect(seconds).toHaveValue('45');
  await page.getByLabel('Search settings').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect
    .poll(() => calls(page, 'settings.update'))
    .toEqual([
      {
        gateway: {
          policies: [
            expect.objectContaining({ model: 'mxbai-embed-large', wake: 'cpu-after', cpuAfterSeconds: 45 }),
            expect.objectContaining({ model: 'qwen3:32b', credentialId: 'key-1', wake: 'wait' }),
          ],
          mayWake: ['chat', 'generate', 'embed', 'other'],
          contextRules: [
            { model: '*', rule: 'fixed', contextLength: 8192 },
            { model: 'llama3.1', rule: 'clamp' },
          ],
        },
      },
    ]);
});

test('which policy applies is asked of the core', async ({ page, showScene }) => {
  await showScene(gatewayPolicies, '#/settings');
  const check = page.getByRole('group', { name: 'Which policy applies?' });
  await check.getByLabel('Requests for model').fill('mxbai-embed-large');
  await check.getByLabel('Sent by').selectOption({ label: 'Key n8n' });
  await check.getByLabel('Requests for model').press('Enter');
  await expect(check.getByRole('status')).toContainText('mxbai-embed-large');
  expect(await calls(page, 'gateway.policy')).toEqual([
    { model: 'mxbai-embed-large', credentialId: 'key-2' },
  ]);
  expect(await calls(page, 'settings.update')).toEqual([]);
});
