import { expect, expectAccessible, test } from './support/fixtures.ts';
import { vramTaken } from './support/scenes.ts';

const model = 'llama3.1:8b';

for (const colorScheme of ['dark', 'light'] as const) {
  test(`a model that does not fit because of another program can be forced anyway, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(vramTaken, '#/node/gpu-tower?tab=models');
    await page.getByRole('button', { name: `Force to GPU: ${model}` }).click();
    const dialog = page.getByRole('dialog', { name: `${model} does not fit on gpu-tower` });
    await expect(dialog).toContainText('Used by python3');
    await expect(dialog).toContainText('18.1 GB');
    await expect(dialog).toContainText('8.6 GB');
    await expect(dialog).toContainText('Close python3 and try again.');
    await expect(dialog).toContainText('mxbai-embed-large:latest may be unloaded');
    await expectAccessible(page, `what uses the VRAM, ${colorScheme}`);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toHaveCount(0);

    await page.getByRole('button', { name: `Explain the placement of ${model}` }).click();
    const panel = page.getByRole('dialog', { name: model });
    await expect(panel).toContainText('VRAM_TAKEN');
    await expect(panel).toContainText('Used by python3');
    await expectAccessible(page, `the panel of a model that does not fit, ${colorScheme}`);
    await panel.getByRole('button', { name: 'Force anyway' }).click();
    const calls = await page.evaluate(
      () => (window as unknown as { sceneCalls: [string, unknown][] }).sceneCalls,
    );
    expect(calls.filter(([method]) => method === 'models.place').map(([, params]) => params)).toEqual([
      { target: 'gpu', nodeId: 'gpu-tower', model, anyway: false },
      { target: 'gpu', nodeId: 'gpu-tower', model, anyway: true },
    ]);
  });
}

test('a simulated machine with another program on its GPU is not changed unless forced anyway', async ({
  page,
  startCore,
}) => {
  const core = await startCore({ simulate: true });
  await page.goto(core.url);
  await expect(page.getByRole('article', { name: /^lab-2.*serving|^lab-2.*gpu-verified/ })).toBeVisible();
  await core.call('simulator.setFault', { nodeId: 'lab-2', fault: 'vram-taken', on: true });
  await page.evaluate(() => {
    location.hash = '#/node/lab-2?tab=models';
  });
  await page.getByRole('button', { name: `Force to GPU: ${model}` }).click();
  const dialog = page.getByRole('dialog', { name: new RegExp(`^${model} does not fit`) });
  await expect(dialog).toContainText('Used by python3', { timeout: 20_000 });
  await dialog.getByRole('button', { name: 'Force anyway' }).click();
  await expect(dialog).toHaveCount(0, { timeout: 20_000 });
  await expect(page.getByRole('list', { name: 'Loaded models' })).toContainText('%');
});
