/** What happens between the end of an inference process and the next answer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createInferenceSessions,
  type Inference,
} from '../../../../../electron/workers/runner/inference/sessions.ts';
import { openLadderNotes } from '../../../../../electron/workers/runner/ladder/notes.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../../fakes/clock.ts';
import { silentLog } from '../../../../fakes/indexing.ts';
import { createFakeInference, type FakeInference } from '../../../../fakes/inference-host.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const one = { y: floatTensor([1], [1]) };
const feeds = { x: floatTensor([1], [1]) };

let folder: string;
let inference: Inference;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-spare-'));
});
afterEach(() => {
  inference.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(onRun: FakeInference['onRun'] = () => one) {
  const clock = createFakeClock();
  const fake = createFakeInference(onRun);
  inference = createInferenceSessions({
    host: fake.host,
    clock,
    log: silentLog,
    notes: openLadderNotes(folder),
    folder,
    deviceKey: 'device',
    threads: 1,
    rungs: ['webgpu', 'cpu'],
    spareAfterMs: 2000,
  });
  return { clock, fake };
}

describe('a spare process', () => {
  it('takes over at once, and the next spare is started when that has come up', async () => {
    const { clock, fake } = start();
    await inference.settled();
    const before = fake.started();
    await clock.advance(2000);
    expect(fake.started()).toBe(before + 1);
    expect(inference.pids()).toEqual([1, before + 1]);
    fake.kill(1);
    await clock.flush();
    expect(inference.isReady()).toBe(true);
    expect([inference.pids(), inference.restarts()]).toEqual([[before + 1], 1]);
    // Not one process was started for it.
    expect(fake.started()).toBe(before + 1);
    await clock.advance(2000);
    expect(inference.pids()).toEqual([before + 1, before + 2]);
  });

  it('that ends itself is replaced later, and nothing else notices', async () => {
    const { clock, fake } = start();
    await inference.settled();
    await clock.advance(2000);
    const spare = fake.started();
    fake.kill(spare);
    await clock.advance(29_999);
    expect([fake.started(), inference.pids(), inference.restarts()]).toEqual([spare, [1], 0]);
    await clock.advance(1);
    expect(inference.pids()).toEqual([1, spare + 1]);
  });

  it('that cannot load onnxruntime any more says so when it is needed', async () => {
    const { clock, fake } = start();
    await inference.settled();
    fake.broken = new PilotlightError('RUNNER_NOT_INSTALLED');
    await clock.advance(2000);
    fake.kill(1);
    await clock.flush();
    await expect(inference.ready()).rejects.toMatchObject({ code: 'RUNNER_NOT_INSTALLED' });
  });

  it('ends with the others', async () => {
    const { clock } = start();
    await inference.settled();
    await clock.advance(2000);
    inference.stop();
    await clock.advance(60_000);
    expect(inference.pids()).toEqual([]);
  });
});

describe('after an end', () => {
  it('what has work is opened first, and the rest when there is none', async () => {
    let isFirst = true;
    const { clock, fake } = start(() => {
      if (!isFirst) return one;
      isFirst = false;
      return 'killed';
    });
    const graphs = [await inference.open('a'), await inference.open('b'), await inference.open('c')];
    await inference.settled();
    const from = fake.opened.length;
    const order: string[] = [];
    fake.onOpen = (file) => order.push(String(file));
    await expect(graphs[2]?.run(feeds)).resolves.toEqual(one);
    await clock.flush();
    expect(order).toEqual(['c', 'a', 'b']);
    expect(fake.opened).toHaveLength(from + 3);
  });

  it('no provider is tried again: the one that was in use opens the graph', async () => {
    const { clock, fake } = start();
    const graph = await inference.open('model', { trial: feeds, hash: 'hash' });
    await inference.settled();
    await graph.run(feeds);
    expect(graph.provider()).toBe('webgpu');
    expect(fake.trials).toEqual(['cpu', 'webgpu', 'cpu', 'webgpu']);
    await clock.advance(2000);
    fake.opened.length = 0;
    fake.kill(1);
    await expect(graph.run(feeds)).resolves.toEqual(one);
    expect(fake.opened).toEqual([expect.stringMatching(/^\d+ webgpu$/)]);
    expect(fake.trials).toHaveLength(4);
  });
});
