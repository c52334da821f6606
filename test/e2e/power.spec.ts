import type { Page } from '@playwright/test';
import { startSimulatorProcess } from './support/core.ts';
import { expect, expectAccessible, expectNoSideScroll, showCards, test } from './support/fixtures.ts';
import { adding, everyPower, heldWhileOff } from './support/power-scenes.ts';

const tower = /^the very old gaming computer/;

/** What the panel asked the scene's core for, by method. */
const asked = (page: Page, method: string) =>
  page.evaluate(
    (name) =>
      (window as unknown as { sceneCalls: [string, unknown][] }).sceneCalls
        .filter(([one]) => one === name)
        .map(([, params]) => params),
    method,
  );

async function settled(page: Page): Promise<void> {
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
}

for (const colorScheme of ['dark', 'light'] as const) {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    test(`axe finds nothing in any state of power, ${colorScheme} at ${width}`, async ({
      page,
      showScene,
    }) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await showScene(everyPower, '#/fleet');
      await showCards(page);
      await expect(page.getByRole('article')).toHaveCount(9);
      await expectAccessible(page, `cards, ${colorScheme} at ${width}`);
      await expectNoSideScroll(page, 'cards');
      await page.getByRole('button', { name: /^Sleep or keep awake: lab-3/ }).click();
      await expect(page.getByRole('menu')).toBeVisible();
      await expectAccessible(page, `the Sleep menu, ${colorScheme} at ${width}`);
      await page.keyboard.press('Escape');
      await page.evaluate(() => {
        location.hash = '#/node/gpu-tower?tab=diagnosis';
      });
      await settled(page);
      await expect(page.getByRole('list', { name: 'Diagnosis steps' })).toBeVisible();
      await expectAccessible(page, `a diagnosis, ${colorScheme} at ${width}`);
      await page.getByRole('link', { name: 'Power', exact: true }).click();
      await page.getByRole('button', { name: 'Add a wake method' }).click();
      await expectAccessible(page, `the page of a machine, ${colorScheme} at ${width}`);
      await expectNoSideScroll(page, 'the page of a machine');
      await page.getByRole('button', { name: 'Pair again' }).click();
      await expect(page.getByRole('dialog', { name: /^Pair the agent/ })).toBeVisible();
      await expectAccessible(page, `pairing, ${colorScheme} at ${width}`);
    });

    test(`axe finds nothing in any step of the wizard, ${colorScheme} at ${width}`, async ({
      page,
      showScene,
    }) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await showScene(adding, '#/fleet');
      await page.getByRole('button', { name: 'Add a node' }).click();
      const dialog = page.getByRole('dialog', { name: 'Add a node' });
      const step = (name: string) => expectAccessible(page, `${name}, ${colorScheme} at ${width}`);
      await dialog.getByRole('button', { name: 'Find machines' }).click();
      await expect(dialog.getByRole('list', { name: 'Machines found' })).toBeVisible();
      await step('where');
      await dialog.getByRole('button', { name: 'Add attic' }).click();
      await expect(dialog.getByRole('textbox', { name: 'Code or pairing line' })).toBeFocused();
      await step('agent');
      await dialog.getByRole('button', { name: 'Pair later' }).click();
      await dialog.getByText('Agent and existing servers').click();
      await step('details');
      await dialog.getByRole('button', { name: 'Add the node' }).click();
      await expect(dialog.getByRole('list', { name: 'Rehearsal steps' })).toBeVisible();
      await step('try');
      await expectNoSideScroll(page, 'the wizard');
    });
  }
}

test('a card says what keeps its machine on, and each lease can be released', async ({ page, showScene }) => {
  await showScene(everyPower, '#/fleet');
  await showCards(page);
  const card = page.getByRole('article', { name: tower });
  await expect(card.getByRole('list', { name: 'What keeps it on' })).toContainText(
    'Lease: index "Notes" until done',
  );
  await card.getByRole('button', { name: /^Why is it on/ }).click();
  const dialog = page.getByRole('dialog', { name: /^Why is/ });
  await expect(dialog).toContainText('Ann is logged in there.');
  // A lease that has a row is not repeated.
  await expect(dialog.getByText('Kept awake by Ann')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Release: copying pictures, nightly-backup.sh' }).click();
  await expect(page.getByRole('region', { name: 'Messages' })).toContainText('Released: copying pictures');
});

test('unavailable actions say why; a machine in use asks for confirmation', async ({ page, showScene }) => {
  await showScene(everyPower, '#/fleet');
  await page.getByRole('button', { name: /^Sleep or keep awake: nas/ }).click();
  await expect(page.getByRole('menu')).toContainText('Run the agent there with the power role');
  await expect(page.getByRole('menuitem', { name: 'Shut down' })).toBeDisabled();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: /^Sleep or keep awake: lab-3/ }).click();
  await expect(page.getByRole('menuitem', { name: /^Hibernate/ })).toBeDisabled();
  await expect(page.getByRole('menuitem', { name: /^Hibernate/ })).toContainText(
    'Its agent does not support this.',
  );
  await page.getByRole('menuitem', { name: 'Sleep' }).click();
  const dialog = page.getByRole('dialog', { name: 'lab-3 is in use' });
  await expect(dialog.getByRole('listitem')).toHaveText([
    'Ann needs it: a game.',
    'A GPU is busy (93 %).',
    'apt blocks it: Packages are installed.',
  ]);
  await expect(dialog.getByRole('button', { name: 'Sleep anyway' })).toBeVisible();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
});

test('the core is notified that the panel is visible, at once and every two minutes', async ({
  page,
  showScene,
}) => {
  await page.clock.install();
  await showScene(everyPower, '#/fleet');
  await showCards(page);
  await expect(page.getByRole('article')).toHaveCount(9);
  expect(await asked(page, 'fleet.attend')).toEqual([{}]);
  await page.clock.fastForward(121_000);
  expect(await asked(page, 'fleet.attend')).toHaveLength(2);
});

test('every figure of energy on the page of a machine is the core’s', async ({ page, showScene }) => {
  await showScene(everyPower, '#/node/gpu-tower');
  await settled(page);
  const energy = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Energy' }) });
  // The buckets of this scene would give other figures; they only count the vectors.
  await expect(energy.locator('dd')).toHaveText(['38 h', '6.8 kWh', '23.4 kWh', '0']);
});

test('a machine that was shut down by force is held by no lease, and its GPU keeps its name', async ({
  page,
  showScene,
}) => {
  await showScene(heldWhileOff, '#/fleet');
  const tower = page.getByRole('article').filter({ hasText: 'gpu-tower' });
  await expect(tower).toBeVisible();
  await expect(tower.getByRole('list', { name: 'What keeps it on' })).toHaveCount(0);
  await expect(tower.getByText('a game')).toHaveCount(0);
  await page.evaluate(() => {
    location.hash = '#/node/gpu-tower';
  });
  await settled(page);
  await expect(page.getByRole('list', { name: 'What keeps it on' })).toHaveCount(0);
  await expect(page.getByRole('list', { name: 'Leases' })).toBeVisible();
  await expect(page.getByText('It is off all the same.')).toBeVisible();
  await expect(page.getByText('GeForce RTX 3080').first()).toBeVisible();
});

test('this computer is awake and seen, though its server is silent', async ({ page, showScene }) => {
  await showScene(heldWhileOff, '#/fleet');
  const here = page.getByRole('article').filter({ hasText: 'Ollama has not answered yet' });
  await expect(here).toHaveCount(1);
  await expect(here.getByText('Never seen awake')).toHaveCount(0);
  await page.evaluate(() => {
    location.hash = '#/node/here';
  });
  await settled(page);
  await expect(page.getByText('never', { exact: true })).toHaveCount(0);
});

test('a countdown is shown and cancelled; a lost GPU has its fix', async ({ page, showScene }) => {
  await showScene(everyPower, '#/fleet');
  await showCards(page);
  const lab1 = page.getByRole('article', { name: /^lab-1/ });
  await expect(lab1.getByRole('progressbar', { name: 'Countdown for lab-1' })).toBeVisible();
  await lab1.getByRole('button', { name: /^Cancel/ }).click();
  await expect(lab1.getByRole('progressbar', { name: 'Countdown for lab-1' })).toHaveCount(0);
  await expect(
    page
      .getByRole('article', { name: /^lab-2/ })
      .getByText(/^Going to sleep, waiting for it to stop responding/),
  ).toBeVisible();
  await expect(page.getByRole('button', { name: 'Restart Ollama on lab-3' })).toBeVisible();
  await expect(page.getByRole('article', { name: /^lab-4/ })).toContainText(/powers off in \d+ min/);
});

test('wake methods are moved by keyboard, and the focus stays with what was moved', async ({
  page,
  showScene,
}) => {
  const scene = structuredClone(everyPower);
  scene.results['fleet.update'] = scene.streams.fleet?.[0]?.[1];
  await showScene(scene, '#/node/gpu-tower?tab=power');
  const ways = page.getByRole('list', { name: 'Wake methods' });
  await expect(ways.getByRole('listitem')).toHaveCount(4);
  await page.getByRole('button', { name: 'Add a wake method' }).click();
  await expect(page.getByRole('combobox', { name: 'Method' })).toBeFocused();
  await page.getByRole('combobox', { name: 'Method' }).selectOption('command');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(page.getByText('Enter a program and its arguments')).toBeVisible();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect(ways.getByRole('button', { name: /^Try earlier: Magic/ })).toBeDisabled();
  await ways.getByRole('button', { name: /^Try later: Magic/ }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Magic packets from this computer: now method 2 of 4')).toBeAttached();
});

test('a diagnosis is read in its steps, and copied as text', async ({ page, context, showScene }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
  await showScene(everyPower, '#/node/gpu-tower?tab=diagnosis');
  const steps = page.getByRole('list', { name: 'Diagnosis steps' });
  await expect(steps).toBeInViewport();
  await expect(steps.getByRole('listitem').nth(2)).toContainText('ethtool -s eth0 wol g');
  await expect(steps.getByRole('listitem').first()).toContainText('not applicable');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
});

test('the wizard by keyboard: nothing is lost by Escape or Back, and a machine is added', async ({
  page,
  showScene,
}) => {
  await showScene(adding, '#/fleet');
  const open = page.getByRole('button', { name: 'Add a node' });
  const dialog = page.getByRole('dialog', { name: 'Add a node' });
  const address = dialog.getByRole('textbox', { name: 'Address or name' });
  await open.focus();
  await page.keyboard.press('Enter');
  await expect(address).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await page.keyboard.type('192.168.1.30');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(open).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(address).toHaveValue('192.168.1.30');
  await page.keyboard.press('Enter');

  const code = dialog.getByRole('textbox', { name: 'Code or pairing line' });
  await expect(code).toBeFocused();
  await expect(dialog.getByRole('list', { name: 'Found at this address' })).toContainText('Ollama 0.33.0');
  await dialog.getByRole('button', { name: 'Back' }).press('Enter');
  await expect(address).toHaveValue('192.168.1.30');
  await page.keyboard.press('Enter');
  await page.keyboard.type('123456');
  await page.keyboard.press('Enter');

  await expect(dialog.getByRole('textbox', { name: /^MAC/ })).toHaveValue('02:AA:00:00:00:30');
  await expect(dialog.getByRole('textbox', { name: /^Wake destinations/ })).toHaveValue('192.168.1.255');
  const name = dialog.getByRole('textbox', { name: /^Name/ });
  await name.fill('the attic');
  await dialog.getByRole('button', { name: 'Back' }).press('Enter');
  await expect(dialog.getByText('Paired.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Next' }).press('Enter');
  await expect(name).toHaveValue('the attic');
  await name.press('Enter');

  await expect(dialog.getByRole('list', { name: 'Rehearsal steps' })).toContainText('It went off after 6 s.');
  await dialog.getByRole('button', { name: 'Done' }).press('Enter');
  await expect(dialog).toBeHidden();
  await open.press('Enter');
  await expect(address).toHaveValue('');
});

test('what does not answer is said at its field, with the way on', async ({ page, showScene }) => {
  const scene = structuredClone(adding);
  delete scene.results['discovery.inspect'];
  await showScene(scene, '#/fleet');
  await page.getByRole('button', { name: 'Add a node' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a node' });
  await dialog.getByRole('textbox', { name: 'Address or name' }).fill('tower');
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByRole('alert')).toContainText('The machine does not answer. Check that it is on');
  await dialog.getByRole('button', { name: /^It’s off/ }).click();
  await expect(dialog.getByRole('textbox', { name: 'Ollama address' })).toHaveValue('http://tower:11434');
});

test('a network that is too large cannot be ticked; what is in the fleet is not offered again', async ({
  page,
  showScene,
}) => {
  await showScene(adding, '#/fleet');
  await page.getByRole('button', { name: 'Add a node' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a node' });
  await dialog.getByRole('button', { name: 'Find machines' }).click();
  await expect(dialog.getByRole('checkbox', { name: /^10\.0\.0\.0/ })).toBeDisabled();
  await expect(dialog.getByRole('checkbox', { name: /^192\.168\.1\.0/ })).not.toBeChecked();
  await expect(dialog.getByRole('progressbar', { name: 'Searching for machines' })).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Add gpu-tower' })).toHaveCount(0);
  await expect(dialog.getByText('already added')).toBeVisible();
});

test('a simulated machine: keep awake, release, policy, countdown, cancel', async ({ page, startCore }) => {
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  const card = page.getByRole('article', { name: /^lab-2/ });
  const messages = page.getByRole('region', { name: 'Messages' });
  await expect(card.getByRole('button', { name: /^Sleep or keep awake/ })).toBeVisible();

  await test.step('keep awake, and release', async () => {
    await card.getByRole('button', { name: /^Sleep or keep awake/ }).click();
    await page.getByRole('menuitem', { name: 'For 1 hour' }).click();
    await expect(card.getByRole('list', { name: 'What keeps it on' })).toContainText(
      /Kept awake by you until/,
    );
    await card.getByRole('button', { name: /^Why is it on/ }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Release: kept awake/ })
      .click();
    await expect(messages).toContainText('Released: kept awake');
    await page.keyboard.press('Escape');
    await expect(card).not.toContainText('Kept awake by you');
  });

  await test.step('a countdown is cancelled', async () => {
    await card.getByRole('button', { name: /^Sleep or keep awake/ }).click();
    await page.getByRole('menuitem', { name: 'Sleep', exact: true }).click();
    await card.getByRole('button', { name: /^Cancel/ }).click();
    await expect(messages).toContainText('stays on');
    await expect(card.getByRole('progressbar', { name: 'Countdown for lab-2' })).toHaveCount(0);
  });

  await test.step('its policy is kept', async () => {
    await card.getByRole('link', { name: 'lab-2' }).click();
    await page.getByRole('link', { name: 'Power', exact: true }).click();
    const wake = page.getByRole('combobox', { name: 'Who may wake it' });
    await wake.selectOption('people');
    await page.getByRole('textbox', { name: 'Watts when awake' }).fill('90');
    await page.keyboard.press('Enter');
    await expect
      .poll(() =>
        core.call('power.list', {}).then((all) => all.find((one) => one.nodeId === 'lab-2')?.policy),
      )
      .toMatchObject({ wakeFor: 'people', watts: 90 });
    await page.reload();
    await expect(wake).toHaveValue('people');
  });
});

test('the wizard adds a machine that answers, and the diagnosis tests it', async ({ page, startCore }) => {
  const simulator = await startSimulatorProcess(1);
  try {
    const core = await startCore();
    await page.goto(core.url);
    const url = simulator.nodes[0]?.url ?? '';
    await page.getByRole('button', { name: 'Add a node' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a node' });
    await dialog.getByRole('textbox', { name: 'Address or name' }).fill(url);
    await dialog.getByRole('button', { name: 'Next' }).click();
    await expect(dialog.getByRole('list', { name: 'Found at this address' })).toContainText(`at ${url}`);
    await dialog.getByRole('button', { name: /^Continue without|^Pair later/ }).click();
    await expect(dialog.getByRole('textbox', { name: 'Ollama address' })).toHaveValue(url);
    await dialog.getByRole('textbox', { name: /^Name/ }).fill('by wizard');
    await dialog.getByRole('button', { name: 'Add the node' }).click();
    await expect(dialog.getByText(/is in the fleet: serving/)).toBeVisible();
    await dialog.getByRole('button', { name: 'Open its page' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'by wizard' })).toBeVisible();

    await page.getByRole('link', { name: 'Diagnosis', exact: true }).click();
    await page.getByRole('button', { name: 'Diagnose', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 30_000 });
    const steps = page.getByRole('list', { name: 'Diagnosis steps' }).getByRole('listitem');
    await expect(steps.filter({ hasText: 'Ollama' }).filter({ hasText: 'pass' }).first()).toBeVisible();
    await expect(steps.filter({ hasText: /pending|running/ })).toHaveCount(0);
  } finally {
    await simulator.stop();
  }
});
