/** How long a run takes that finds 10,000 files unchanged: the walk, the comparison, and the way to the worker. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILTIN_EMBEDDER_ID } from '../../shared/models/indexing.ts';
import { atMost, type BenchmarkResult, never, openIndexWorkplace, percentile } from './index-workplace.ts';

const FOLDERS = 100;
const FILES_EACH = 100;
const ROUNDS = 7;

export const benchmark = {
  name: 'reindex',
  async run(): Promise<BenchmarkResult[]> {
    await using place = await openIndexWorkplace();
    for (let folder = 0; folder < FOLDERS; folder += 1) {
      const path = join(place.files, `folder-${folder}`);
      await mkdir(path);
      for (let file = 0; file < FILES_EACH; file += 1) {
        await writeFile(
          join(path, `note-${file}.md`),
          `# Note ${folder}.${file}\n\nWords of note ${file}.\n`,
        );
      }
    }
    const index = await place.store.openIndex({
      id: 'reindex',
      path: place.files,
      embedderId: BUILTIN_EMBEDDER_ID,
    });
    const first = await index.scan({ full: false }, never);
    for (let at = 0; at < first.pending.length; at += 1000) {
      await index.indexBuiltin(
        first.pending.slice(at, at + 1000).map((file) => file.path),
        never,
      );
    }
    // Files read within a tick of their writing are read once more before their times are trusted.
    await index.scan({ full: false }, never);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      const scan = await index.scan({ full: false }, never);
      times.push(performance.now() - start);
      if (scan.unchanged !== FOLDERS * FILES_EACH) throw new Error(`Only ${scan.unchanged} were unchanged.`);
    }
    return [atMost('reindex', percentile(times, 0.5), 'ms', 1000)];
  },
};
