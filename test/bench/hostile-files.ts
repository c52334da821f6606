/** How long files take that were made to be slow to read: through the real worker, read, cut, embedded, stored. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILTIN_EMBEDDER_ID } from '../../shared/models/indexing.ts';
import { hostileFiles } from '../fakes/hostile-files.ts';
import type { BenchmarkContext } from './benchmark.ts';
import { atMost, type BenchmarkResult, never, openIndexWorkplace, reported } from './index-workplace.ts';

const BYTES = 5_000_000;
/** The limit of the core for one step of one file. */
const LIMIT_MS = 60_000;

export const benchmark = {
  name: 'hostile-files',
  async run({ note, signal }: BenchmarkContext): Promise<BenchmarkResult[]> {
    await using place = await openIndexWorkplace();
    const index = await place.store.openIndex({
      id: 'hostile',
      path: place.files,
      embedderId: BUILTIN_EMBEDDER_ID,
    });
    const times: { name: string; ms: number }[] = [];
    for (const { name, make } of hostileFiles) {
      signal.throwIfAborted();
      await writeFile(join(place.files, name), make(BYTES));
      const start = performance.now();
      const [outcome] = await index.indexBuiltin([name], never);
      const ms = performance.now() - start;
      times.push({ name, ms });
      const what = outcome?.error?.code ?? `${outcome?.chunks} passages`;
      note(`${name}: ${Math.round(ms)} ms, ${what}`);
      if (outcome?.error?.code === 'FILE_TOO_COSTLY') throw new Error(`${name} was given up.`);
    }
    times.sort((a, b) => b.ms - a.ms);
    const nested = times.find(({ name }) => name === 'nested-div.html');
    return [
      atMost('hostile-files, the slowest of 5 MB', times[0]?.ms ?? 0, 'ms', LIMIT_MS / 4),
      atMost('hostile-files, 5 MB of nested elements', nested?.ms ?? 0, 'ms', 1500),
      reported(
        'hostile-files, all of them',
        times.reduce((sum, { ms }) => sum + ms, 0),
        'ms',
      ),
    ];
  },
};
