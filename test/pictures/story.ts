/** One story with the simulated fleet, from the first run to a lost connection, with a picture at each turn. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import type { IndexJob } from '../../shared/models/indexing.ts';
import { textOf } from '../../shared/text/index.ts';
import { type Camera, setDensity } from './camera.ts';
import type { Core } from './core.ts';
import type { HeldPanel } from './panel.ts';

/** Takes a state that was asked for; `held` where it would pass meanwhile. */
export type Take = (state: string, options?: { held?: boolean; top?: Locator }) => Promise<void>;

export function createTake(panel: HeldPanel, camera: Camera, wanted: (state: string) => boolean): Take {
  return async (state, { held = false, top } = {}) => {
    if (!wanted(state)) return;
    if (held) await panel.hold();
    await camera.take(state, top);
    if (held) await panel.release();
  };
}

const notes = 420;

async function writeNotes(folder: string): Promise<string> {
  const words = ['harbour', 'tide', 'lamp', 'kiln', 'ledger', 'engine', 'orchard', 'letter'];
  for (let part = 0; part < 7; part += 1) await mkdir(join(folder, `part-${part}`), { recursive: true });
  await Promise.all(
    Array.from({ length: notes }, (_, index) => {
      const word = words[index % words.length];
      const text = `# The ${word} ${index}\n\nWhat was written of the ${word} on day ${index}, when the lamp was lit.\n\n## Later\n\nThe tide of day ${index} took the ${word} along.\n`;
      return writeFile(join(folder, `part-${index % 7}`, `note-${index}.md`), text);
    }),
  );
  return folder;
}

/** Looks at the newest job until it is as wanted. */
async function waitForJob(panel: HeldPanel, is: (job: IndexJob) => boolean): Promise<IndexJob> {
  const until = performance.now() + 90_000;
  for (;;) {
    const [job] = await panel.call('index.jobs', { limit: 1 });
    if (job && is(job)) return job;
    if (performance.now() > until) throw new Error(`The job did not come so far: ${JSON.stringify(job)}`);
    await panel.page.waitForTimeout(150);
  }
}

export async function tell(panel: HeldPanel, take: Take, core: Core, folder: string): Promise<void> {
  const { page } = panel;
  const tower = page.getByRole('article', { name: /^gpu-tower/ });

  await page.getByRole('button', { name: /^Look around/ }).waitFor();
  await take('first-run');
  for (const name of ['models', 'index', 'activity']) {
    await panel.goTo(`#/${name}`);
    await take(`empty-${name}`);
  }

  await panel.goTo('#/fleet');
  // By a call, because the click's message would stand in the pictures.
  await panel.call('fleet.simulate', { on: true });
  await page.getByRole('article', { name: /^nas.*serving$/ }).waitFor();
  await page.getByRole('article', { name: /^lab-2.*(serving|gpu-verified)/ }).waitFor();
  await take('asleep');

  await tower.getByRole('button', { name: /^Wake/ }).click();
  await tower.getByRole('progressbar').waitFor();
  await take('waking', { held: true });
  await page.getByRole('article', { name: /^gpu-tower.*(serving|gpu-verified)/ }).waitFor();

  const nodes = await panel.call('fleet.list', {});
  const gpuTower = nodes.find(({ name }) => name.startsWith('gpu-tower'));
  const nas = nodes.find(({ name }) => name.startsWith('nas'));
  if (!gpuTower || !nas) throw new Error('The simulated fleet has other machines than this story.');
  const model = 'mxbai-embed-large:latest';
  await panel.call('models.place', { model, target: 'gpu', nodeId: gpuTower.id });
  await panel.call('models.place', { model: 'llama3.1:8b', target: 'gpu', nodeId: gpuTower.id });
  await page.getByRole('article', { name: /^gpu-tower.*gpu-verified$/ }).waitFor();
  await take('verified');

  await panel.goTo(`#/node/${gpuTower.id}`);
  await take('node');

  await panel.goTo('#/models');
  await take('models');
  await page.getByRole('button', { name: new RegExp(`^${model} on gpu-tower`) }).click();
  await page.getByRole('dialog').getByText('In VRAM').waitFor();
  await page
    .getByRole('dialog')
    .getByRole('status', { name: /^Loading/ })
    .waitFor({ state: 'hidden' });
  await take('models-cell');
  await page.keyboard.press('Escape');

  const embedders = await panel.call('index.embedders', {});
  const embedder = embedders.find(({ label }) => textOf(label).startsWith('mxbai'))?.embedder;
  if (!embedder) throw new Error('The simulated fleet has no embedding model.');
  const path = await writeNotes(join(folder, 'Notes'));
  await panel.call('index.addSource', { path, name: 'Notes', embedder });
  await panel.goTo('#/index');
  await panel.call('index.start', {});
  await waitForJob(panel, (job) => job.vectors > 60);
  await take('indexing', { held: true });
  await waitForJob(panel, (job) => job.status === 'completed');

  // The picture shows this run in progress; the GPU is lost in another.
  await panel.call('index.start', { rebuild: true });
  await waitForJob(panel, (job) => job.status === 'running' && job.vectors > 100);
  await panel.call('simulator.sleep', { nodeId: gpuTower.id });
  const fallen = await waitForJob(
    panel,
    (job) => job.status !== 'running' || job.events.some(({ kind }) => kind === 'fell-back'),
  );
  if (fallen.status !== 'running') throw new Error('The run ended before its GPU was lost.');
  await page.waitForTimeout(1500);
  await take('fallen-to-cpu', { held: true });
  await waitForJob(panel, (job) => job.status === 'completed');
  await page.getByRole('heading', { name: 'Last run' }).waitFor();
  await take('done');
  await setDensity(page, 'compact');
  await take('compact-index');
  await setDensity(page, 'comfortable');

  await panel.goTo('#/search');
  await page.getByRole('searchbox', { name: 'Search your folders' }).fill('harbour tide');
  const results = page.getByRole('list', { name: 'Results' });
  await results.waitFor();
  await take('search');
  await results.getByText('Why this hit').first().click();
  await results.getByRole('link').first().click();
  await page.getByText('Copy passage', { exact: true }).last().waitFor();
  await take('search-opened');

  await panel.goTo('#/activity');
  await take('activity');
  await panel.goTo('#/settings');
  await take('settings');
  await page.getByRole('textbox', { name: 'Check machines every' }).fill('0.2');
  await take('settings-refused');
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('button', { name: 'Import an environment file' }).click();
  await page
    .getByRole('dialog')
    .getByRole('textbox')
    .fill('GPU_OLLAMA_URL=http://192.0.2.20:11434\nGPU_WOL_MAC=AA:BB:CC:DD:EE:FF\n');
  await page.getByRole('dialog').getByRole('button', { name: 'Preview' }).click();
  await page
    .getByRole('dialog')
    .getByText(/^Will be added \(/)
    .waitFor();
  await take('import');
  await page.keyboard.press('Escape');

  await panel.goTo('#/fleet');
  await page.keyboard.press('Control+k');
  await take('palette');
  await page.getByRole('combobox', { name: /^Find a page/ }).pressSequentially('gpu tow');
  await take('palette-typed');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'More actions for nas' }).click();
  await page.getByRole('menuitem', { name: 'Simulate faults' }).click();
  await page.getByRole('dialog').getByText('half-json').waitFor();
  await take('faults');
  await page.keyboard.press('Escape');

  await panel.call('simulator.setFault', { nodeId: nas.id, fault: 'html', on: true });
  await panel.call('fleet.look', { nodeId: nas.id });
  await page.getByRole('article', { name: /^nas.*trouble$/ }).waitFor();
  await take('error');

  await core.stop();
  await page.getByRole('alert').waitFor();
  await take('offline');
}
