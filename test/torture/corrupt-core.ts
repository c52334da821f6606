/** Damages every file of a core's data folder, one at a time, and starts the core with what is left. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notes, writeFiles } from '../fakes/indexing-world.ts';
import { startCore } from './core-process.ts';
import { corruptEach } from './corruption.ts';
import { createTally, type Part } from './part.ts';
import type { CoreContent } from './read-core.ts';

const LIMIT_MS = 60_000;
const WORKER_END_MS = 2000;
const reader = fileURLToPath(new URL('read-core.ts', import.meta.url));
/** What can be counted, and must be the same or be missed aloud. */
const counted = ['nodes', 'sources', 'leases', 'policies', 'jobs', 'secrets', 'hits'] as const;

export const corruptCore: Part = {
  name: 'corrupt-core',
  summary: 'damaged files of the core',
  async run(context) {
    const book = createTally();
    const { find } = book;
    const template = join(context.folder, 'template');
    await fillTemplate(template, join(context.folder, 'notes'));
    await corruptEach<CoreContent>(context, book, {
      template,
      files: dataFiles(template),
      reader,
      limitMs: LIMIT_MS,
      judge(answer, whole, { file, what }) {
        // Without folders there is nothing to search; that they are lost is judged below.
        const isEmpty = answer.sources === 0 && answer.searchFailed === 'NOTHING_TO_INDEX';
        if (answer.searchFailed !== null && !isEmpty)
          find('crashes', `${what}: the search fails with ${answer.searchFailed}`);
        const fresh = answer.notices.filter((notice) => !whole.notices.includes(notice));
        for (const key of counted) {
          if (answer[key] === whole[key] || fresh.length > 0) continue;
          if (key !== 'hits' || answer.searchFailed === null)
            find('silent', what, `${key}: ${answer[key]} instead of ${whole[key]}`);
        }
        // A damaged file must not take down what lies in another one.
        if (!file.startsWith('state.sqlite') && answer.nodes !== whole.nodes)
          find('lost', what, `${answer.nodes} nodes`);
      },
    });
    return book.tally;
  },
};

function dataFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => relative(folder, join(folder, path)))
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** A folder as a killed core leaves it: every kind of file is there, the write-ahead log and the endpoint too. */
async function fillTemplate(dataFolder: string, files: string): Promise<void> {
  mkdirSync(files, { recursive: true });
  writeFiles(files, notes(12, 3));
  const core = await startCore(dataFolder);
  if ('failed' in core) throw new Error(core.failed);
  const must = async <Result>(
    reply: Promise<{ result: Result } | { code: string } | null>,
  ): Promise<Result> => {
    const got = await reply;
    if (got === null || !('result' in got))
      throw new Error(`The template cannot be made: ${JSON.stringify(got)}`);
    return got.result;
  };
  for (let index = 0; index < 4; index += 1) {
    const { id } = await must(
      core.call('fleet.add', { url: `http://127.0.0.1:1/${index}`, name: `node ${index}` }),
    );
    await must(core.call('power.keepAwake', { nodeId: id, until: null, purpose: 'a long run' }));
    await must(core.call('power.setPolicy', { nodeId: id, policy: { idleMinutes: 30 + index } }));
  }
  await must(
    core.call('settings.update', { optimizer: { webhookUrl: 'https://example.test/hook/of-the-template' } }),
  );
  const { id } = await must(core.call('index.addSource', { path: files }));
  const job = await must(core.call('index.start', { sourceIds: [id] }));
  for (;;) {
    const { status } = await must(core.call('index.job', { jobId: job.id }));
    if (status === 'completed') break;
    if (status === 'failed') throw new Error('The job of the template failed.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await core.kill();
  // The index worker closes its files before it ends, at most so long after its core.
  await new Promise((resolve) => setTimeout(resolve, WORKER_END_MS));
  if (!existsSync(join(dataFolder, 'endpoint.json')))
    throw new Error('A killed core leaves its endpoint file.');
}
