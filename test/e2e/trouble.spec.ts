import { startSimulatorProcess } from './support/core.ts';
import { expect, expectAccessible, expectNoSideScroll, goTo, showCards, test } from './support/fixtures.ts';

const faults = [
  {
    fault: 'html',
    words: 'it is not an Ollama or OpenAI-compatible server',
    code: 'NOT_AN_INFERENCE_SERVER',
  },
  { fault: 'server-error', words: 'The server says: something went wrong', code: 'SERVER_ERROR' },
  { fault: 'endless-body', words: 'far larger than it should be', code: 'RESPONSE_TOO_LARGE' },
  { fault: 'half-open', words: 'its server does not answer', code: 'HOST_TIMEOUT' },
];

test('nodes that are offline, slow or answer wrongly say so, each with its next step', async ({
  page,
  startCore,
}) => {
  const core = await startCore({ simulate: true });
  await core.call('fleet.add', { name: 'attic', url: 'http://127.0.0.1:1' });
  await page.goto(core.url);
  const nas = page.getByRole('article', { name: /^nas/ });

  await expect(page.getByRole('article', { name: 'attic: off' })).toBeVisible();
  await expect(page.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();

  const setLookTimeout = (lookTimeoutMs: number) =>
    core.call('settings.update', { fleet: { lookTimeoutMs } });
  for (const { fault, words, code } of faults) {
    await test.step(fault, async () => {
      // Only what never answers is waited for to its end.
      await setLookTimeout(fault === 'half-open' ? 500 : 4000);
      await core.call('simulator.setFault', { nodeId: 'nas', fault, on: true });
      await nas.getByRole('button', { name: /^More actions for nas/ }).click();
      await page.getByRole('menuitem', { name: 'Check now' }).click();
      await expect(nas).toContainText(words);
      await expect(nas).toContainText(code);
      await expect(page.getByRole('article', { name: /^nas.*: trouble$/ })).toBeVisible();
      await expect(nas.getByRole('button', { name: /^Check again: nas/ })).toBeVisible();
      await core.call('simulator.setFault', { nodeId: 'nas', fault, on: false });
      // It comes back by itself with the next look, so a button that asks for one may be gone already.
      await core.call('fleet.look', { nodeId: 'nas' });
      await expect(page.getByRole('article', { name: /^nas.*serving$/ })).toBeVisible();
    });
  }

  await test.step('a machine that ignores its wake', async () => {
    await core.call('settings.update', { power: { wakeTimeoutMs: 5000 } });
    await core.call('simulator.setFault', { nodeId: 'gpu-tower', fault: 'does-not-wake', on: true });
    const tower = page.getByRole('article', { name: /^gpu-tower/ });
    await tower.getByRole('button', { name: /^Wake/ }).click();
    await expect(tower.getByRole('progressbar', { name: /^Waking gpu-tower/ })).toBeVisible();
    await expect(tower).toContainText('WAKE_TIMEOUT', { timeout: 20_000 });
    await expect(tower.getByRole('button', { name: /^Wake/ })).toBeVisible();
  });
  await expectAccessible(page, 'a fleet in trouble');
});

test('a hundred machines that are really there', async ({ page, startCore }) => {
  test.slow();
  const simulator = await startSimulatorProcess(100);
  try {
    const core = await startCore();
    await Promise.all(
      simulator.nodes.map(({ id, url, mac }) => core.call('fleet.add', { name: id, url, mac })),
    );
    await page.goto(core.url);
    // And this computer.
    const rows = page.getByRole('grid', { name: 'Machines' });
    await expect(rows).toHaveAttribute('aria-rowcount', '102');
    await expect(page.getByText(/^101 nodes · 100 awake/)).toBeVisible({ timeout: 30_000 });
    await page.getByRole('searchbox', { name: 'Find a machine or model' }).fill('node-0099');
    await expect(rows).toHaveAttribute('aria-rowcount', '2');
    await expect(page.getByRole('row', { name: /^node-0099: serving/ })).toBeVisible();
    for (const [width, height] of [
      [390, 844],
      [2560, 1440],
    ] as const) {
      await page.setViewportSize({ width, height });
      await expectNoSideScroll(page, `a hundred machines at ${width}`);
    }
    await goTo(page, 'Models');
    await expect(page.getByRole('rowheader').filter({ hasText: 'node-0100' })).toBeAttached();
    await expectNoSideScroll(page, 'the matrix of a hundred machines');
    await goTo(page, 'Fleet');
    await expect(rows).toHaveAttribute('aria-rowcount', '102');
    await showCards(page);
    await expect(page.getByRole('article')).toHaveCount(101);
    await page
      .getByRole('article', { name: /^node-0099: serving/ })
      .getByRole('button', { name: /^Force to GPU/ })
      .click();
  } finally {
    await simulator.stop();
  }
});
