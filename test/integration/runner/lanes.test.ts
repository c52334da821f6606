/** Runs beside each other in one inference process: right answers, and none is lost with it. */
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
import type { OpenedGraph } from '../../../electron/workers/runner/sessions.ts';
import { silentLog } from '../../fakes/indexing.ts';
import { runnerEntry } from '../../fakes/open-runner.ts';

let folder: string;
let inference: Inference;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-lanes-'));
});
afterEach(() => {
  inference.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function open(threads: number): Promise<OpenedGraph> {
  inference = createInferenceSessions({
    host: createForkWorkerHost({ entry: join(dirname(runnerEntry), 'inference', 'inference-worker.ts') }),
    clock: createSystemClock(),
    log: silentLog,
    notes: openLadderNotes(folder),
    folder,
    rungs: ['cpu'],
    deviceKey: '',
    threads,
  });
  const path = join(folder, 'small.onnx');
  writeFileSync(path, smallGraph().file);
  return inference.open(path);
}

/** Until a run has happened beside another one: the lanes open while the first runs happen. */
async function untilBeside(graph: OpenedGraph): Promise<void> {
  const { feeds } = smallGraph();
  for (let most = 1; most < 2; ) {
    await Promise.all(
      Array.from({ length: 8 }, () =>
        graph.run(feeds, {
          onRan({ beside }) {
            most = Math.max(most, beside);
          },
        }),
      ),
    );
  }
}

it('answers as one run alone does, to whom each belongs', async () => {
  const graph = await open(2);
  const { feeds } = smallGraph();
  const [name, feed] = Object.entries(feeds)[0] ?? [];
  if (name === undefined || feed === undefined || feed.type === 'pictures') throw new Error('no input');
  const scaled = (factor: number) => ({
    [name]: { ...feed, data: (feed.data as Float32Array).map((value) => value * factor) },
  });
  const factors = Array.from({ length: 40 }, (_, index) => 1 + index / 8);
  const alone = [];
  for (const factor of factors) alone.push(await graph.run(scaled(factor)));
  await untilBeside(graph);
  const together = await Promise.all(factors.map((factor) => graph.run(scaled(factor))));
  expect(together).toEqual(alone);
  expect(new Set(alone.map((answers) => JSON.stringify(answers))).size).toBeGreaterThan(1);
});

it('loses no run when the process is killed among them', async () => {
  const graph = await open(2);
  const { feeds } = smallGraph();
  const before = await graph.run(feeds);
  await untilBeside(graph);
  const runs = Array.from({ length: 12 }, () => graph.run(feeds));
  const [pid] = inference.pids();
  process.kill(pid as number, 'SIGKILL');
  for (const answer of await Promise.all(runs)) expect(answer).toEqual(before);
  expect(inference.restarts()).toBe(1);
});

it('has one run at a time where a run has one thread only', async () => {
  const graph = await open(1);
  expect([graph.atOnce(false), graph.atOnce(true)]).toEqual([2, 2]);
  inference.stop();
  const other = await open(2);
  expect([other.atOnce(false), other.atOnce(true)]).toEqual([3, 2]);
});
