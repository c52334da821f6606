/** An inference process that stops in the middle of a run is replaced, and the run is repeated. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createForkWorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import {
  createInferenceSessions,
  type Inference,
} from '../../../electron/workers/runner/inference/sessions.ts';
import { openLadderNotes } from '../../../electron/workers/runner/ladder/notes.ts';
import { smallGraph } from '../../../electron/workers/runner/ladder/small-graph.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { runnerEntry } from '../../fakes/open-runner.ts';

let folder: string;
let inference: Inference;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-hung-'));
  inference = createInferenceSessions({
    host: createForkWorkerHost({ entry: join(dirname(runnerEntry), 'inference', 'inference-worker.ts') }),
    clock: createSystemClock(),
    log: silentLog,
    notes: openLadderNotes(folder),
    folder,
    rungs: ['cpu'],
    deviceKey: '',
    threads: 1,
    // The first run is given long on a busy machine; what was learned from it is the usual time.
    deadlines: { minimumMs: 1000, firstMs: 60_000 },
    spareAfterMs: 0,
  });
});
afterEach(() => {
  inference.stop();
  rmSync(folder, { recursive: true, force: true });
});

it.skipIf(process.platform === 'win32')(
  'a stopped process is given up at the deadline of its run',
  async () => {
    const { file, feeds } = smallGraph();
    const path = join(folder, 'small.onnx');
    writeFileSync(path, file);
    const graph = await inference.open(path);
    const before = await graph.run(feeds);
    const [stopped] = inference.pids();
    process.kill(stopped as number, 'SIGSTOP');
    // Several wait behind it: none is lost.
    const answers = await Promise.all([graph.run(feeds), graph.run(feeds), graph.run(feeds)]);
    for (const answer of answers) expect(answer).toEqual(before);
    expect(inference.pids()).not.toContain(stopped);
    expect(inference.restarts()).toBeGreaterThanOrEqual(1);
  },
);
