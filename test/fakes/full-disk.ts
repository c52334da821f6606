/** Run on a small disk that it fills: `full-disk FOLDER`. Prints what a kept store shows before, while and after. */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '../../electron/adapters/state/sqlite-store.ts';
import { createKeptStore } from '../../electron/core/state/kept-store.ts';
import { plainText } from '../../shared/models/message.ts';
import { createFakeClock } from './clock.ts';
import { silentLog } from './indexing.ts';
import { aJob } from './records.ts';
import { createMemorySecrets } from './secrets.ts';

const folder = process.argv[2] ?? '';
const clock = createFakeClock();
const { store } = createSqliteStore({ path: join(folder, 'state.sqlite'), secrets: createMemorySecrets() });
const troubles: unknown[] = [];
const kept = createKeptStore({
  store,
  clock,
  log: silentLog,
  onTrouble: (error) => troubles.push(error),
  onSaved: () => {},
});
const job = aJob();
kept.jobs.put(job);

const filler = join(folder, 'filler');
const file = openSync(filler, 'w');
for (let size = 1_000_000; size >= 1; size = Math.floor(size / 10)) {
  try {
    for (;;) writeSync(file, Buffer.alloc(size));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
closeSync(file);

// Longer than what the write-ahead log has room for already.
const ended = {
  ...job,
  status: 'completed' as const,
  phase: 'done' as const,
  endedAt: 9,
  detail: plainText('x'.repeat(3e6)),
};
kept.jobs.put(ended);
const full = {
  shown: kept.jobs.get(job.id)?.status,
  unfinished: kept.jobs.unfinished().length,
  saved: store.jobs.get(job.id)?.status,
  trouble: (troubles[0] as { code?: string } | undefined)?.code,
};
let begun: unknown = 'saved';
try {
  kept.jobs.put({ ...job, id: 'job_2', detail: plainText('x'.repeat(3e6)) });
} catch (error) {
  begun = (error as { code?: string }).code;
}
unlinkSync(filler);
await clock.advance(60_000);
console.log(
  JSON.stringify({ ...full, begun, savedLater: store.jobs.get(job.id)?.status, left: kept.unsaved.size }),
);
kept.close();
