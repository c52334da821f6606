/** What a person chose on a page is in its address: a reload, Back and a link bring it back. */
import type { Locator, Page } from '@playwright/test';
import type { BridgeScene } from './support/bridge-core.ts';
import { busy } from './support/busy-scene.ts';
import { expect, test } from './support/fixtures.ts';
import { everyPower } from './support/power-scenes.ts';
import { requestsBusy } from './support/request-scenes.ts';
import { runnersEvery, runnersHundred } from './support/runner-scenes.ts';
import { everyState, hundred } from './support/scenes.ts';
import { searchScene } from './support/search-scene.ts';
import { tasksBusy } from './support/task-scenes.ts';

interface Choice {
  of: string;
  scene: BridgeScene;
  hash: string;
  choose(page: Page): Promise<unknown>;
  /** What the address has then. */
  address: RegExp;
  shown(page: Page): Promise<unknown>;
}

const press = (name: string | RegExp, within: (page: Page) => Page | Locator = (page) => page) => ({
  choose: (page: Page) => within(page).getByRole('button', { name, exact: true }).first().click(),
  shown: (page: Page) =>
    expect(within(page).getByRole('button', { name, exact: true }).first()).toHaveAttribute(
      'aria-pressed',
      'true',
    ),
});
const type = (name: string | RegExp, text: string) => ({
  choose: (page: Page) => page.getByRole('searchbox', { name }).fill(text),
  shown: (page: Page) => expect(page.getByRole('searchbox', { name })).toHaveValue(text),
});
const select = (name: string | RegExp, value: string) => ({
  choose: (page: Page) => page.getByRole('combobox', { name }).first().selectOption(value),
  shown: (page: Page) => expect(page.getByRole('combobox', { name }).first()).toHaveValue(value),
});
const tab = (name: string | RegExp) => ({
  choose: (page: Page) => page.getByRole('link', { name }).first().click(),
  shown: (page: Page) =>
    expect(page.getByRole('link', { name }).first()).toHaveAttribute('aria-current', 'true'),
});

const choices: readonly Choice[] = [
  {
    of: 'the search of the Fleet',
    scene: hundred,
    hash: '#/fleet',
    address: /#\/fleet\?q=lab/,
    ...type('Find a machine or model', 'lab'),
  },
  {
    of: 'the state of the Fleet',
    scene: hundred,
    hash: '#/fleet',
    address: /\?state=off/,
    ...press(/^Off \d+/),
  },
  {
    of: 'the order of the Fleet',
    scene: hundred,
    hash: '#/fleet',
    address: /\?sort=vram/,
    ...select('Order', 'vram'),
  },
  {
    of: 'the range of the Fleet',
    scene: everyState,
    hash: '#/fleet',
    address: /\?period=day/,
    ...press('24 h'),
  },
  {
    of: 'the machine of the chart of VRAM',
    scene: everyState,
    hash: '#/fleet?period=day',
    address: /\?period=day&vram=gpu-tower/,
    ...select('Machine', 'gpu-tower'),
  },
  {
    of: 'the filter of the Models',
    scene: everyState,
    hash: '#/models',
    address: /\?only=awake/,
    ...press('Awake only'),
  },
  {
    of: 'the outcome of moves',
    scene: busy,
    hash: '#/models?only=awake',
    address: /\?only=awake&moves=failed/,
    ...press(/^failed/),
  },
  {
    of: 'a model on a machine',
    scene: busy,
    hash: '#/models',
    address: /\?model=.+&on=.+/,
    choose: (page) =>
      page
        .getByRole('grid')
        .getByRole('button', { name: / on .+: / })
        .first()
        .click(),
    shown: (page) => expect(page.getByRole('dialog')).toBeVisible(),
  },
  {
    of: 'a search',
    scene: searchScene,
    hash: '#/search',
    address: /#\/search\?q=harbour/,
    ...type(/^Search/, 'harbour'),
  },
  {
    of: 'a run',
    scene: busy,
    hash: '#/index',
    address: /#\/index\?run=/,
    choose: (page) => page.getByRole('region', { name: 'Runs' }).getByRole('link').last().click(),
    shown: (page) =>
      expect(page.getByRole('heading', { name: /^(Earlier run|Last run|Running now)$/ })).toBeVisible(),
  },
  {
    of: 'the tab of the Tasks',
    scene: tasksBusy,
    hash: '#/tasks',
    address: /\?view=workers/,
    ...tab(/^Workers/),
  },
  {
    of: 'the search of the Tasks',
    scene: tasksBusy,
    hash: '#/tasks',
    address: /\?text=report/,
    ...type(/^Search/, 'report'),
  },
  {
    of: 'the search of stored texts',
    scene: tasksBusy,
    hash: '#/tasks?view=texts',
    address: /\?view=texts&stored=note/,
    ...type('Search titles and origins', 'note'),
  },
  {
    of: 'the range of the Tasks',
    scene: tasksBusy,
    hash: '#/tasks',
    address: /\?period=week/,
    ...press('7 d'),
  },
  {
    of: 'the division of the Requests',
    scene: requestsBusy,
    hash: '#/requests',
    address: /\?by=node/,
    ...press('By machine'),
  },
  {
    of: 'the search of the Requests',
    scene: requestsBusy,
    hash: '#/requests',
    address: /\?text=llama/,
    ...type(/^Search/, 'llama'),
  },
  {
    of: 'the filter of the Runners',
    scene: runnersHundred,
    hash: '#/runner',
    address: /\?show=ready/,
    ...press(/^Ready/),
  },
  {
    of: 'the search of the Runners',
    scene: runnersHundred,
    hash: '#/runner',
    address: /\?q=lab/,
    ...type('Find a runner by name', 'lab'),
  },
  {
    of: 'a model of a runner',
    scene: runnersEvery,
    hash: '#/runner?view=models',
    address: /\?view=models&model=/,
    choose: (page) => page.getByRole('table').getByRole('button').first().click(),
    shown: (page) => expect(page.getByRole('dialog')).toBeVisible(),
  },
  {
    of: 'the severity of the Activity',
    scene: busy,
    hash: '#/activity',
    address: /\?severity=warning/,
    ...press(/^Warnings/),
  },
  {
    of: 'the search of the Activity',
    scene: busy,
    hash: '#/activity',
    address: /\?q=woke/,
    ...type('Search activity', 'woke'),
  },
  {
    of: 'the search of the Settings',
    scene: everyState,
    hash: '#/settings',
    address: /\?q=wake/,
    ...type('Search settings', 'wake'),
  },
  {
    of: 'the tab of a machine',
    scene: everyPower,
    hash: '#/node/gpu-tower',
    address: /\?tab=diagnosis/,
    ...tab('Diagnosis'),
  },
  {
    of: 'the period of its energy',
    scene: everyPower,
    hash: '#/node/gpu-tower?tab=power',
    address: /\?tab=power&energy=month/,
    ...select('Period', 'month'),
  },
];

for (const { of, scene, hash, choose, address, shown } of choices) {
  test(`${of} stays in the address`, async ({ page, showScene }) => {
    await showScene(scene, hash);
    await choose(page);
    await shown(page);
    await expect(page).toHaveURL(address);
    const link = page.url();
    await page.reload();
    await shown(page);
    await page.evaluate(() => {
      location.hash = '#/help';
    });
    await page.goBack();
    await expect(page).toHaveURL(link);
    await shown(page);
  });
}
