/** Damages every file of a core's data folder, one at a time, and starts the core with what is left. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { notes, writeFiles } from '../fakes/indexing-world.ts';
import { createChild } from './child.ts';
import { startCore } from './core-process.ts';
import { damage } from './damage.ts';
import { createTally, type Part, times } from './part.ts';
import type { CoreContent } from './read-core.ts';

const TIMES_A_FILE = 200;
const LIMIT_MS = 60_000;
const reader = fileURLToPath(new URL('read-core.ts', import.meta.url));
/** What can be counted, and must be the same or be missed aloud. */
const counted = ['nodes', 'sources', 'leases', 'policies', 'jobs', 'secrets', 'hits'] as const;

export const corruptCore: Part = {
  name: 'corrupt-core',
  summary: 'damaged files of the core',
  async run(context) {
    const { random, folder, signal, note } = context;
    const { tally, tried, find } = createTally();
    const template = join(folder, 'template');
    await fillTemplate(template, join(folder, 'notes'));
    const child = createChild<{ dataFolder: string }, CoreContent>(reader, LIMIT_MS);
    try {
      const first = await child.ask({ dataFolder: copyOf(template, folder) });
      if ('failed' in first || first.answer.failed !== null) {
        find('crashes', 'the undamaged folder is not read', JSON.stringify(first));
        return tally;
      }
      const whole = first.answer;
      for (const file of dataFiles(template)) {
        const rounds = times(context, TIMES_A_FILE);
        note(`${file}: ${rounds} times`);
        for (let round = 0; round < rounds; round += 1) {
          signal.throwIfAborted();
          const dataFolder = copyOf(template, folder);
          const how = damage(join(dataFolder, file), random);
          tried();
          const what = `${file}, ${how}`;
          const reply = await child.ask({ dataFolder });
          if ('failed' in reply) {
            find(reply.failed === 'crash' ? 'crashes' : 'hangs', what, reply.complaints);
            continue;
          }
          const { answer } = reply;
          if (answer.failed !== null) {
            find('crashes', `${what}: does not start`, answer.failed);
            continue;
          }
          // Without folders there is nothing to search; that they are lost is judged below.
          const isEmpty = answer.sources === 0 && answer.searchFailed === 'NOTHING_TO_INDEX';
          if (answer.searchFailed !== null && !isEmpty)
            find('crashes', `${what}: the search fails with ${answer.searchFailed}`);
          const fresh = answer.notices.filter((notice) => !whole.notices.includes(notice));
          for (const key of counted) {
            if (
              answer[key] !== whole[key] &&
              fresh.length === 0 &&
              (key !== 'hits' || answer.searchFailed === null)
            )
              find('silent', what, `${key}: ${answer[key]} instead of ${whole[key]}`);
          }
          // A damaged file must not take down what lies in another one.
          if (!file.startsWith('state.sqlite') && answer.nodes !== whole.nodes)
            find('lost', what, `${answer.nodes} nodes`);
        }
      }
    } finally {
      child.close();
    }
    return tally;
  },
};

function copyOf(template: string, folder: string): string {
  const copy = join(folder, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(template, copy, { recursive: true });
  return copy;
}

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
  await must(core.call('settings.update', { api: { indexToken: 'a-token-of-the-template' } }));
  const { id } = await must(core.call('index.addSource', { path: files }));
  const job = await must(core.call('index.start', { sourceIds: [id] }));
  for (;;) {
    const { status } = await must(core.call('index.job', { jobId: job.id }));
    if (status === 'completed') break;
    if (status === 'failed') throw new Error('The job of the template failed.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await core.kill();
  if (!existsSync(join(dataFolder, 'endpoint.json')))
    throw new Error('A killed core leaves its endpoint file.');
}
