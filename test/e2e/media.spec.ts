import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { makeFfmpeg } from '../fakes/media-programs.ts';
import { toneWav } from '../fakes/media-world.ts';
import { startSpeechServer } from '../fakes/speech-server.ts';
import { expect, goTo, test } from './support/fixtures.ts';

const said = [
  'Welcome to the lecture about heating at home.',
  'The copper kettle sings above a blue flame.',
  'Thank you, and good night to all of you.',
];

/** Drops a file onto the page, as from a file manager. */
async function drop(page: Page, name: string, content: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([fileName, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const data = new DataTransfer();
      data.items.add(new File([bytes], fileName, { type: 'video/x-matroska' }));
      return data;
    },
    [name, content.toString('base64')] as const,
  );
  await page.getByRole('main').dispatchEvent('dragover', { dataTransfer: transfer });
  await page
    .getByRole('heading', { name: 'Tasks', level: 1 })
    .dispatchEvent('drop', { dataTransfer: transfer });
}

test('a dropped video wakes a GPU machine, is heard there, and a sentence of it opens at its second', async ({
  page,
  startCore,
}) => {
  test.slow();
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-e2e-media-'));
  process.env.PILOTLIGHT_FFMPEG = makeFfmpeg(folder).path;
  await using speech = await startSpeechServer({ say: (index) => said[index] ?? '' });
  try {
    const core = await startCore({ simulate: true });
    await core.call('settings.update', {
      tasks: { speech: 'address', speechUrl: `${speech.url}/v1`, speechModel: 'tiny', speechLanguage: 'en' },
    });
    await page.goto(core.url);
    await expect(page.getByRole('article', { name: /^gpu-tower.*: off$/ })).toBeVisible();
    await expect
      .poll(
        async () => (await core.call('tasks.workers', {})).map(({ nodeId, state }) => `${nodeId} ${state}`),
        { timeout: 30_000 },
      )
      .toContain('gpu-tower asleep');

    await test.step('dropped', async () => {
      await goTo(page, 'Tasks');
      await drop(page, 'lecture.mkv', toneWav(65));
      const dialog = page.getByRole('dialog', { name: 'Add a task' });
      await dialog.getByLabel('Use a GPU').click();
      await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    });
    await test.step('heard where it woke', async () => {
      const sheet = page.getByRole('dialog', { name: 'lecture.mkv' });
      await expect(sheet.getByRole('status').first()).toContainText(/Done/, { timeout: 60_000 });
      await expect(sheet.getByRole('status').first()).toContainText('gpu-tower');
      await page.keyboard.press('Escape');
      expect(speech.received.map(({ fields }) => fields.model)).toEqual(['tiny', 'tiny']);
    });
    await test.step('found by a sentence that is spoken in it', async () => {
      await goTo(page, 'Search');
      await page.getByRole('searchbox', { name: 'Search your folders' }).fill('the copper kettle sings');
      await page.keyboard.press('Enter');
      const passage = page
        .getByRole('list', { name: 'Passages in lecture.mkv' })
        .getByRole('listitem')
        .first();
      await expect(passage).toContainText(/at 0:(28|29|30)/);
      await passage.getByRole('link').click();
      await expect(page.getByRole('region', { name: 'File lecture.mkv' }).getByRole('status')).toContainText(
        /lecture\.mkv · at 0:(28|29|30)$/,
      );
    });
  } finally {
    delete process.env.PILOTLIGHT_FFMPEG;
    rmSync(folder, { recursive: true, force: true });
  }
});
