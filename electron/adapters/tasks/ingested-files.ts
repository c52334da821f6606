/** Ingested texts: one Markdown file for each task, in a folder of the data folder that is indexed. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { IngestedFiles } from '../../core/ports/task-files.ts';
import { flushFolder, taskFileError } from './flush.ts';

const ENDING = '.md';
const DRAFT = '.part';
/** Ids of our own tasks, and of those that other programs added to Redis. */
const PLAIN_ID = /^[A-Za-z0-9_-]{1,100}$/;

export function createIngestedFiles({ folder }: { folder: string }): IngestedFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  /** Another program may have chosen an id that is no file name. */
  const nameOf = (taskId: string) =>
    PLAIN_ID.test(taskId)
      ? `${taskId}${ENDING}`
      : `~${createHash('sha256').update(taskId).digest('hex')}${ENDING}`;

  return {
    folder,
    nameOf,
    taskOf: (name) => (isText(name) ? name.slice(0, -ENDING.length) : null),
    async write(taskId, title, text) {
      const path = join(folder, nameOf(taskId));
      const draft = `${path}${DRAFT}`;
      const content = withTitle(title, text);
      try {
        const handle = await open(draft, 'w', 0o600);
        try {
          await handle.writeFile(content);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(draft, path);
        await flushFolder(folder);
      } catch (error) {
        await rm(draft, { force: true });
        throw taskFileError(error);
      }
      return { sizeBytes: Buffer.byteLength(content) };
    },
    async remove(taskIds) {
      for (const taskId of taskIds) await rm(join(folder, nameOf(taskId)), { force: true });
      await flushFolder(folder);
    },
    async list() {
      const found: { taskId: string; sizeBytes: number; at: number }[] = [];
      for (const name of await readdir(folder)) {
        if (name.endsWith(DRAFT)) await rm(join(folder, name), { force: true });
        if (!isText(name)) continue;
        const { size, mtimeMs } = await stat(join(folder, name));
        found.push({ taskId: name.slice(0, -ENDING.length), sizeBytes: size, at: mtimeMs });
      }
      return found;
    },
  };
}

const isText = (name: string) => name.endsWith(ENDING) && !name.startsWith('~');

/** The title is the first heading, so that search finds and shows it. */
function withTitle(title: string, text: string): string {
  const heading = `# ${title.replaceAll(/\s+/g, ' ').trim()}`;
  return text.trimStart().startsWith(heading) ? text : `${heading}\n\n${text}`;
}
