import { readdirSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from '@playwright/test';
import sharp from 'sharp';
import type { MethodResult } from '../../shared/contract/methods.ts';
import { makeFfmpeg } from '../fakes/media-programs.ts';
import { toneWav } from '../fakes/media-world.ts';
import { secondsOfWav, startSpeechServer } from '../fakes/speech-server.ts';
import {
  expect,
  expectAccessible,
  expectNoSideScroll,
  goTo,
  type RunningCore,
  test,
} from './support/fixtures.ts';
import { pictureScene, youtubeScene } from './support/media-scenes.ts';

const kettle = 'The copper kettle sings above a blue flame.';
const welcome = 'Welcome to the lecture about heating at home.';

/** A sentence for each second: the kettle sings in the second piece. */
function segmentsOf(seconds: number, piece: number) {
  return Array.from({ length: Math.floor(seconds) }, (_, second) => ({
    ...{ start: second, end: second + 1 },
    text: second > 0 ? `Sentence ${second} of part ${piece + 1}.` : piece === 0 ? welcome : kettle,
  }));
}

const partBytes = 500_000;

/** Of the player, as far as a test asks. */
const stateOf = (player: Locator) =>
  player.evaluate((node) => {
    const { currentTime, paused } = node as HTMLMediaElement;
    return { second: Math.round(currentTime), paused };
  });

async function addRecording(core: RunningCore, name: string): Promise<string> {
  const content = toneWav(65);
  let uploadId: string | null = null;
  let fileId: string | null = null;
  for (let offset = 0; offset < content.length; offset += partBytes) {
    const part = content.subarray(offset, offset + partBytes);
    const sent: MethodResult<'tasks.upload'> = await core.call('tasks.upload', {
      ...{ uploadId, name, offset, data: part.toString('base64') },
      last: offset + part.length === content.length,
    });
    ({ uploadId, fileId } = sent);
  }
  const { id } = await core.call('tasks.add', { input: { kind: 'upload', fileId: fileId ?? '' } });
  await expect
    .poll(async () => (await core.call('tasks.get', { id })).task.storing, { timeout: 60_000 })
    .toBe('stored');
  return id;
}

async function openKettle(page: Page, name: string): Promise<Locator> {
  await goTo(page, 'Search');
  await page.getByRole('searchbox', { name: 'Search your folders' }).fill('the copper kettle sings');
  await page.keyboard.press('Enter');
  const passages = page.getByRole('list', { name: `Passages in ${name}` });
  await passages.getByRole('link').first().click();
  return page.getByRole('region', { name: `File ${name}` }).or(page.getByRole('dialog', { name }));
}

test('a recording plays from the second of the hit, and each line of it seeks', async ({
  page,
  folder,
  startCore,
}) => {
  test.slow();
  await mkdir(join(folder, 'programs'));
  process.env.PILOTLIGHT_FFMPEG = makeFfmpeg(join(folder, 'programs')).path;
  await using speech = await startSpeechServer({
    answer({ file }, index) {
      const segments = segmentsOf(secondsOfWav(file), index);
      return { body: { text: segments.map(({ text }) => text).join(' '), language: 'en', segments } };
    },
  });
  try {
    const core = await startCore();
    await core.call('settings.update', {
      tasks: { speech: 'address', speechUrl: `${speech.url}/v1`, speechModel: 'tiny', speechLanguage: 'en' },
    });
    const id = await addRecording(core, 'lecture.wav');
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(core.url);
    const pane = await openKettle(page, 'lecture.wav');
    const player = pane.locator('audio');
    const lines = pane.getByRole('list', { name: 'Transcript' }).getByRole('button');
    const lineOf = (text: string) => lines.filter({ hasText: text });

    await test.step('it waits at the second of the hit', async () => {
      await expect(lineOf(kettle)).toHaveAttribute('aria-current', 'true');
      await expect(lineOf(kettle)).toBeInViewport();
      await expect.poll(async () => (await stateOf(player)).second).toBeGreaterThanOrEqual(28);
      expect(await stateOf(player)).toMatchObject({ second: expect.closeTo(29, 0), paused: true });
    });
    await test.step('a line seeks, and plays', async () => {
      await lineOf(welcome).click();
      await expect.poll(() => stateOf(player)).toMatchObject({ paused: false });
      expect((await stateOf(player)).second).toBeLessThan(20);
      await expect(lineOf(kettle)).not.toHaveAttribute('aria-current', 'true');
    });
    await test.step('the keyboard pauses, seeks and walks through the lines', async () => {
      await page.keyboard.press('Space');
      await expect.poll(() => stateOf(player)).toMatchObject({ paused: true });
      await lineOf(kettle).focus();
      await page.keyboard.press('ArrowDown');
      await expect(lineOf('Sentence 1 of part 2.')).toBeFocused();
      await page.keyboard.press('ArrowUp');
      await expect(lineOf(kettle)).toBeFocused();
      await page.keyboard.press('Enter');
      await expect.poll(() => stateOf(player)).toMatchObject({ paused: false });
      await page.keyboard.press('Space');
      const { second } = await stateOf(player);
      expect(second).toBeGreaterThanOrEqual(28);
      await page.keyboard.press('ArrowRight');
      await expect.poll(async () => (await stateOf(player)).second).toBeGreaterThanOrEqual(second + 4);
    });
    await test.step('the line that is heard stays in view, unless a person scrolls', async () => {
      const current = pane.locator('[aria-current="true"][data-line]');
      const follow = pane.getByRole('button', { name: 'Follow the recording' });
      const seek = (to: number) =>
        player.evaluate((node, seconds) => {
          (node as HTMLMediaElement).currentTime = seconds;
        }, to);
      await seek(60.5);
      await expect(current).toContainText('1:00');
      await expect(current).toBeInViewport();
      await lineOf('Sentence 30 of part 2.').hover();
      await page.mouse.wheel(0, -5000);
      await expect(follow).toBeVisible();
      await expect(lineOf(welcome)).toBeInViewport();
      await seek(55.5);
      await expect(current).toContainText('0:55');
      await expect(current).not.toBeInViewport();
      await follow.click();
      await expect(current).toBeInViewport();
      await expect(follow).toHaveCount(0);
    });
    await test.step('it is accessible, and fits', async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await expectAccessible(page, `a recording, ${colorScheme}`);
      }
      const shots = process.env.PILOTLIGHT_SHOTS;
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 });
        await expect(lineOf(kettle)).toHaveCount(1);
        await expectNoSideScroll(page, `a recording at ${width}`);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          if (shots) await page.screenshot({ path: join(shots, `recording-${width}-${colorScheme}.png`) });
        }
      }
      await expectAccessible(page, 'a recording on a phone');
      await page.setViewportSize({ width: 1280, height: 800 });
    });
    await test.step('what the browser cannot play can be saved', async () => {
      const uploads = join(folder, 'data/tasks');
      const [file = ''] = readdirSync(uploads).filter((name) => /^file_[^.]*$/.test(name));
      writeFileSync(join(uploads, file), Buffer.alloc(5000, 'x'));
      await page.reload();
      await expect(pane.getByText('This browser cannot play this recording.')).toBeVisible();
      const [saved] = await Promise.all([
        page.waitForEvent('download'),
        pane.getByRole('link', { name: /^Download lecture\.wav/ }).click(),
      ]);
      expect(saved.suggestedFilename()).toBe('lecture.wav');
    });
    await test.step('what is not kept any more is said', async () => {
      await core.call('storage.clear', { kind: 'uploads' });
      await page.reload();
      await expect(pane.getByText(/The uploaded file is no longer kept/)).toBeVisible();
      await expect(pane.getByText(kettle)).toBeVisible();
      await core.call('tasks.remove', { ids: [id] });
      await page.reload();
      await expect(pane.getByText(/The uploaded file is no longer kept/)).toBeVisible();
    });
  } finally {
    delete process.env.PILOTLIGHT_FFMPEG;
  }
});

const opened = '#/search?of=texts&file=task_1.md&at=10-20';

test('a video on YouTube opens there, at the second of each line', async ({ page, showScene }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await showScene(youtubeScene, `${opened}&place=time:754.2`);
  const pane = page.getByRole('region', { name: 'File A talk' });
  const address = 'https://www.youtube.com/watch?v=abcdefghijk&t=';
  await expect(pane.getByRole('link', { name: 'Open on YouTube at 12:34' })).toHaveAttribute(
    'href',
    `${address}754s`,
  );
  const lines = pane.getByRole('list', { name: 'Transcript' }).getByRole('link');
  await expect(lines).toHaveCount(3);
  await expect(lines.nth(2)).toHaveAttribute('href', `${address}760s`);
  await expect(lines.nth(1)).toHaveAttribute('aria-current', 'true');
  await expectAccessible(page, 'a video on YouTube');
});

test('the faces of a picture are counted and marked', async ({ page, showScene }) => {
  const drawn = await sharp({ create: { width: 320, height: 200, channels: 3, background: '#6b7f5a' } })
    .jpeg()
    .toBuffer();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await showScene(pictureScene(drawn.toString('base64')), opened);
    const picture = page.getByRole('figure');
    await expect(picture.getByRole('img', { name: 'picnic.jpg, with its faces marked' })).toBeVisible();
    await expect(picture).toContainText('2 faces');
    const image = await picture.getByRole('img').boundingBox();
    const face = await picture.locator('[data-face]').first().boundingBox();
    expect(face?.x).toBeCloseTo((image?.x ?? 0) + 0.1 * (image?.width ?? 0), -1);
    expect(face?.width).toBeCloseTo(0.2 * (image?.width ?? 0), -1);
    await expectNoSideScroll(page, `a picture at ${width}`);
    const shots = process.env.PILOTLIGHT_SHOTS;
    if (shots) await page.screenshot({ path: join(shots, `faces-${width}.png`) });
  }
  await expectAccessible(page, 'the faces of a picture');
});
