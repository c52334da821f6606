import type { Page } from '@playwright/test';
import { drawnPicture } from '../pictures/drawn-picture.ts';
import { expect, expectAccessible, expectNoSideScroll, test } from './support/fixtures.ts';
import {
  immichFailing,
  immichHolding,
  immichIdle,
  immichPortTaken,
  immichWorking,
  runnerOutOfMemory,
} from './support/immich-scenes.ts';
import {
  runnerFailed,
  runnerNoModel,
  runnerOff,
  runnerOne,
  runnerRefuses,
  runnersEvery,
  runnersHundred,
  runnersNone,
  runnersTwo,
} from './support/runner-scenes.ts';

test.describe.configure({ mode: 'parallel' });

type Calls = [method: string, params: Record<string, unknown>][];
const callsOf = (page: Page, method: string) =>
  page.evaluate(
    (name) =>
      (window as unknown as { sceneCalls: Calls }).sceneCalls
        .filter(([called]) => called === name)
        .map(([, params]) => params),
    method,
  );

const choose = async (page: Page, slot = 'Picture') =>
  page.getByLabel(`${slot}: choose a file`).setInputFiles(await drawnPicture(page));

for (const colorScheme of ['dark', 'light'] as const) {
  test(`axe finds nothing on the runners, their models, and what is opened there, ${colorScheme}`, async ({
    page,
    showScene,
  }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(runnersEvery, '#/runner');
    await expect(page.getByRole('article')).toHaveCount(8);
    await page.getByText('Table').first().click();
    await expectAccessible(page, `the runners, ${colorScheme}`);
    await page.getByRole('link', { name: 'Models', exact: true }).last().click();
    await expect(page.getByRole('table', { name: 'Models of the runners' })).toBeVisible();
    await expectAccessible(page, `the models of the runners, ${colorScheme}`);
    await page.getByRole('button', { name: 'multilingual on mac-mini', exact: true }).click();
    await expect(page.getByRole('dialog', { name: 'multilingual' })).toContainText('RUNNER_BAD_MODEL');
    await expectAccessible(page, `a model, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add a folder' }).click();
    await expectAccessible(page, `the dialog for a folder, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Download a model' }).click();
    await expect(page.getByRole('list', { name: 'Catalogue' })).toBeVisible();
    await expectAccessible(page, `the catalogue, ${colorScheme}`);
  });

  test(`axe finds nothing where things are tried, ${colorScheme}`, async ({ page, showScene }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await showScene(runnersTwo, '#/runner?view=try');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await expect(page.getByText('0.80')).toBeVisible();
    await choose(page);
    await expect(page.getByText('2 faces found')).toBeVisible();
    await expectAccessible(page, `texts and faces that were tried, ${colorScheme}`);
  });
}

for (const [name, scene, label] of [
  ['works', immichWorking, /3 in progress/],
  ['waits for nothing', immichIdle, /gpu-tower last woke at/],
  ['holds pictures', immichHolding, /Holding 12 requests while gpu-tower wakes/],
  ['cannot wake the machine', immichFailing, /gpu-tower did not wake/],
  ['cannot listen', immichPortTaken, /PORT_IN_USE/],
] as const) {
  test(`the door for Immich ${name}, and says so in a small window as well`, async ({ page, showScene }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await showScene(scene, '#/runner');
    const door = page.getByRole('region', { name: 'Immich' });
    await expect(door).toContainText(label);
    await expect(door.getByRole('link', { name: /^Settings/ })).toHaveAttribute('href', /immich\.on/);
    await expectAccessible(page, `the door for Immich ${name}`);
    await page.setViewportSize({ width: 390, height: 844 });
    await expectNoSideScroll(page, `the door for Immich ${name}`);
  });
}

test('the door names the address for Immich, the missing models, and what to do', async ({
  page,
  showScene,
}) => {
  await showScene(immichFailing, '#/runner');
  const door = page.getByRole('region', { name: 'Immich' });
  await expect(door).toContainText('http://127.0.0.1:3003');
  await expect(door).toContainText('clip/ViT-L-14__openai/textual');
  await expect(door).toContainText('IMMICH_STAYS_LOCAL');
  await expect(door.getByRole('button', { name: /Copy/ })).toBeVisible();
});

test('a model that the device has no memory for says what helps', async ({ page, showScene }) => {
  await showScene(runnerOutOfMemory, '#/runner?view=models');
  await page.getByRole('button', { name: /^multilingual-e5-large on/ }).click();
  const sheet = page.getByRole('dialog', { name: 'multilingual-e5-large' });
  await expect(sheet).toContainText('RUNNER_OUT_OF_MEMORY');
  await expect(sheet).toContainText('smaller');
});

test('no page of it scrolls sideways, in any window and with a hundred runners', async ({
  page,
  showScene,
}) => {
  test.slow();
  await showScene(runnersHundred, '#/runner');
  await expect(page.getByRole('article')).toHaveCount(12);
  for (const view of ['', '?view=models', '?view=try']) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#/runner${view}`);
    for (const [width, height] of [
      [390, 844],
      [900, 600],
      [1280, 800],
      [2560, 1440],
    ] as const) {
      await page.setViewportSize({ width, height });
      await expectNoSideScroll(page, `the Runner page ${view} at ${width}`);
    }
  }
});

test('a card says what it runs on, why, and which targets are missed', async ({ page, showScene }) => {
  await showScene(runnersEvery, '#/runner');
  const tower = page.getByRole('article', { name: 'gpu-tower' });
  await expect(tower).toContainText('Ready on DirectML');
  await expect(tower.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '97');
  const mac = page.getByRole('list', { name: 'Providers of mac-mini' });
  await expect(mac.getByRole('listitem')).toHaveText([
    /wrong results.*0\.8231/,
    /failed.*shader-f16/,
    /used/,
  ]);
  const lost = page.getByRole('article', { name: /^the very old gaming computer/ });
  await expect(lost).toContainText('RUNNER_GPU_LOST');
  await expect(lost.getByText('missed')).toHaveCount(4);
  await expect(page.getByRole('article', { name: 'lab-2' })).toContainText('Machine off');
});

test('many runners are filtered by their state and by name', async ({ page, showScene }) => {
  await showScene(runnersHundred, '#/runner');
  await page.getByRole('button', { name: /^Show more/ }).click();
  await expect(page.getByRole('article')).toHaveCount(36);
  await page.getByRole('button', { name: /^Off/ }).click();
  await expect(page.getByRole('article')).toHaveCount(10);
  await page.getByRole('searchbox', { name: 'Find a runner by name' }).fill('rack-100');
  await expect(page.getByRole('article')).toHaveCount(1);
  await page.getByRole('searchbox', { name: 'Find a runner by name' }).fill('nothing like it');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('article')).toHaveCount(36);
});

test('this computer’s runner is started and stopped', async ({ page, showScene }) => {
  await showScene(runnerOff, '#/runner');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expect.poll(() => callsOf(page, 'runner.start')).toEqual([{}]);
  await page.reload();
  await expect(page.getByRole('article')).toContainText('when it is first needed');
});

test('a runner that cannot start names the next step', async ({ page, showScene }) => {
  await showScene(runnerFailed, '#/runner');
  await expect(page.getByRole('article')).toContainText('RUNNER_NOT_INSTALLED');
  await expect(page.getByRole('article')).toContainText('npm start');
  await expectAccessible(page, 'a runner that failed');
});

test('without a runner, the page leads to the setting', async ({ page, showScene }) => {
  await showScene(runnersNone, '#/runner');
  await page.getByRole('button', { name: 'Runner settings' }).click();
  await expect(page.getByRole('switch', { name: 'Runner of this computer' })).toBeFocused();
});

test('without a model, the page says how to get one; nothing is downloaded before it was confirmed', async ({
  page,
  showScene,
}) => {
  await showScene(runnerNoModel, '#/runner');
  const card = page.getByRole('article');
  await expect(card).toContainText('Nothing is downloaded by itself');
  await card.getByRole('button', { name: 'Download a model' }).click();
  await page.getByRole('button', { name: 'Download all-MiniLM-L6-v2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Download all-MiniLM-L6-v2?' });
  await expect(dialog).toContainText('91 MB');
  await expect(dialog).toContainText('Apache-2.0');
  await expect(dialog).toContainText('https://models.example');
  expect(await callsOf(page, 'runner.pull')).toEqual([]);
  await dialog.getByRole('button', { name: 'Download 91 MB' }).click();
  await expect(dialog).toBeHidden();
  expect(await callsOf(page, 'runner.pull')).toEqual([{ nodeId: 'this-computer', name: 'all-MiniLM-L6-v2' }]);
});

test('a download is cancelled, and resumed', async ({ page, showScene }) => {
  await showScene(runnersEvery, '#/runner?view=models');
  const downloads = page.getByRole('region', { name: 'Downloads' });
  await expect(downloads.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '45');
  await downloads.getByRole('button', { name: /^Cancel/ }).click();
  await downloads.getByRole('button', { name: 'Resume the download of faces-large' }).click();
  await downloads.getByRole('button', { name: 'Resume the download of e5-small-int8' }).click();
  await expect
    .poll(() => callsOf(page, 'runner.pull'))
    .toEqual([
      { nodeId: 'this-computer', name: 'faces-large' },
      { nodeId: 'this-computer', name: 'e5-small-int8' },
    ]);
  expect(await callsOf(page, 'runner.cancelPull')).toEqual([
    { nodeId: 'this-computer', name: 'all-MiniLM-L6-v2' },
  ]);
});

test('what is wrong with a folder is said beside the field', async ({ page, showScene }) => {
  await showScene(runnerRefuses, '#/runner?view=models');
  await page.getByRole('button', { name: 'Add a folder' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a model' });
  await dialog.getByRole('textbox', { name: 'Folder' }).fill('/models/empty one');
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toHaveValue('empty-one');
  await dialog.getByRole('button', { name: 'Add this model' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Folder' })).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog.getByRole('alert')).toContainText('has no model.onnx');
  expect(await callsOf(page, 'runner.models.add')).toEqual([
    { nodeId: 'this-computer', path: '/models/empty one', name: 'empty-one' },
  ]);
});

test('a model is dropped, and removed only after a question', async ({ page, showScene }) => {
  await showScene(runnerOne, '#/runner?view=models');
  await page.getByRole('button', { name: 'Drop faces-small on study-laptop' }).click();
  await expect
    .poll(() => callsOf(page, 'runner.models.drop'))
    .toEqual([{ nodeId: 'this-computer', name: 'faces-small' }]);
  await page.getByRole('button', { name: 'Remove faces-small on study-laptop' }).click();
  const question = page.getByRole('dialog', { name: 'Remove faces-small?' });
  expect(await callsOf(page, 'runner.models.remove')).toEqual([]);
  await question.getByRole('button', { name: 'Remove' }).click();
  await expect(question).toBeHidden();
  expect(await callsOf(page, 'runner.models.remove')).toEqual([
    { nodeId: 'this-computer', name: 'faces-small' },
  ]);
});

test('two texts are compared on the machine that was chosen', async ({ page, showScene }) => {
  await showScene(runnersTwo, '#/runner?view=try');
  const texts = page.getByRole('region', { name: 'Compare two texts' });
  await expect(texts).toContainText('Nothing leaves it');
  await texts.getByRole('combobox', { name: 'On' }).selectOption('gpu-tower');
  await expect(texts).toContainText('Sent to gpu-tower and nowhere else');
  await texts.getByRole('textbox', { name: 'First text' }).fill('one');
  await texts.getByRole('textbox', { name: 'Second text' }).fill('other');
  await texts.getByRole('button', { name: 'Compare' }).click();
  await expect(texts.getByText('0.80')).toBeVisible();
  await expect(texts.getByRole('status')).toContainText('on gpu-tower');
  expect(await callsOf(page, 'runner.embed')).toEqual([
    { nodeId: 'gpu-tower', model: 'all-MiniLM-L6-v2', texts: ['one', 'other'], as: 'passage' },
  ]);
  // The result is that of other texts then.
  await texts.getByRole('textbox', { name: 'First text' }).fill('two');
  await expect(texts.getByRole('status')).toContainText('of the texts before');
});

test('faces are drawn on the picture, and compared by keyboard alone', async ({ page, showScene }) => {
  await showScene(runnerOne, '#/runner?view=try');
  await choose(page);
  const picture = page.getByRole('region', { name: 'Picture', exact: true });
  await expect(picture.getByRole('status')).toContainText('2 faces found');
  const box = await picture.getByRole('img').boundingBox();
  const drawn = await picture.locator('button[aria-hidden]').first().boundingBox();
  // The first face begins at 60, 80 of 640 × 480.
  expect((drawn?.x ?? 0) - (box?.x ?? 0)).toBeCloseTo(((box?.width ?? 0) * 60) / 640, 0);
  expect((drawn?.height ?? 0) / (box?.height ?? 1)).toBeCloseTo(240 / 480, 1);
  const faces = page.getByRole('list', { name: 'Faces' });
  await expect(faces.getByRole('button')).toHaveText([/^Face 1 · left.*93%/, /^Face 2 · right.*71%/]);
  await expect(faces.getByText('0.96')).toBeVisible();
  await faces.getByRole('button').nth(1).focus();
  await page.keyboard.press('Enter');
  await expect(faces.getByRole('button').nth(1)).toHaveAttribute('aria-pressed', 'true');
  await choose(page, 'Second picture');
  await expect(page.getByText(/^Most alike: faces 1 and 3/)).toBeVisible();
});

test('a picture is dropped, and pasted', async ({ page, showScene }) => {
  await showScene(runnerOne, '#/runner?view=try');
  await expect(page.getByRole('region', { name: 'Find faces' })).toBeVisible();
  const { buffer, mimeType } = await drawnPicture(page);
  await page.evaluate(
    ({ base64, type }) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const files = new DataTransfer();
      files.items.add(new File([bytes], 'pasted.png', { type }));
      window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: files, bubbles: true }));
    },
    { base64: buffer.toString('base64'), type: mimeType },
  );
  await expect(page.getByText('pasted.png')).toBeVisible();
  await page.getByRole('region', { name: 'Second picture' }).evaluate((slot, base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], 'dropped.png', { type: 'image/png' }));
    slot.dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true }));
  }, buffer.toString('base64'));
  await expect(page.getByText('dropped.png')).toBeVisible();
  await expect(page.getByText('2 faces found')).toHaveCount(2);
});

test('a bad picture gets its own message, and is not sent if that can be known', async ({
  page,
  showScene,
}) => {
  await showScene(runnerRefuses, '#/runner?view=try');
  await choose(page);
  await expect(page.getByRole('alert')).toContainText('PICTURE_UNREADABLE');
  await expectAccessible(page, 'a picture that is refused');
  await page
    .getByLabel('Picture: choose another')
    .setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('notes') });
  await expect(page.getByRole('alert')).toContainText('This is not a picture.');
  await page
    .getByLabel('Picture: choose another')
    .setInputFiles({ name: 'huge.png', mimeType: 'image/png', buffer: Buffer.alloc(11 * 1024 * 1024) });
  await expect(page.getByRole('alert')).toContainText('too large');
  expect(await callsOf(page, 'runner.faces')).toHaveLength(1);
});

test('without a model for it, trying leads to the models', async ({ page, showScene }) => {
  await showScene(runnerNoModel, '#/runner?view=try');
  await page.getByRole('button', { name: 'Go to Models' }).first().click();
  await expect(page.getByText('No model yet')).toBeVisible();
});

test('a machine’s page names its runner, and leads to it', async ({ page, showScene }) => {
  await showScene(runnersTwo, '#/node/gpu-tower?tab=models');
  const card = page.getByRole('region', { name: 'Runner' });
  await expect(card).toContainText('Ready on DirectML');
  await card.getByRole('link', { name: /^Details/ }).click();
  await expect(page.getByRole('article')).toHaveCount(1);
  await page.getByRole('link', { name: 'Show all runners' }).click();
  await expect(page.getByRole('article')).toHaveCount(2);
});

test('the palette opens the page and what is in it', async ({ page, showScene }) => {
  await showScene(runnerOne, '#/fleet');
  await expect(page.getByRole('heading', { name: 'Fleet' })).toBeVisible();
  await page.keyboard.press('Control+K');
  await expect(page.getByRole('dialog', { name: 'Command palette' })).toBeVisible();
  await page.keyboard.type('compare two texts');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Compare two texts' })).toBeVisible();
});

test('the settings of the runner refuse what is wrong', async ({ page, showScene }) => {
  await showScene(runnerOne, '#/settings');
  const runner = page.getByRole('region', { name: 'Runner' });
  await runner.getByRole('textbox', { name: 'Texts per request' }).fill('0');
  await expect(runner.getByRole('alert')).toBeVisible();
  await expectAccessible(page, 'the settings of the runner');
});
