/** Windows of speech among the other jobs of the engine. */
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../../../electron/workers/runner/inference/engine.ts';
import {
  type Supervisor,
  superviseInference,
} from '../../../../../electron/workers/runner/inference/supervisor.ts';
import { rung } from '../../../../../electron/workers/runner/ladder/decide.ts';
import type { SpeechTask } from '../../../../../electron/workers/runner/speech/task.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../../fakes/clock.ts';
import { silentLog } from '../../../../fakes/indexing.ts';
import { createFakeInference, type FakeInference } from '../../../../fakes/inference-host.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const one = { y: floatTensor([1], [1]) };
const feeds = { x: floatTensor([1], [1]) };
/** Told apart by the token of its language. */
const task = (language: number) => ({ language, samples: new Int16Array(0) }) as unknown as SpeechTask;
const { signal } = new AbortController();

let supervisor: Supervisor;
let engine: Engine;
function start(onSpeech: FakeInference['onSpeech']) {
  const clock = createFakeClock();
  const fake = createFakeInference(() => one);
  fake.onSpeech = onSpeech;
  supervisor = superviseInference({ host: fake.host, clock, log: silentLog, config: { threads: null } });
  engine = createEngine({
    supervisor,
    log: silentLog,
    deadlines: { minimumMs: 1000, firstMs: 5000 },
    onRun: () => {},
  });
  const encoder = engine.add('encoder.onnx', 'webgpu');
  encoder.ladder = [rung('webgpu', 'used'), rung('cpu', 'untried')];
  const [first, next] = [engine.add('decoder.onnx', 'cpu'), engine.add('with_past.onnx', 'cpu')];
  return { clock, fake, graphs: [encoder, first, next] as const };
}
afterEach(() => {
  engine.stop();
  supervisor.stop();
});

describe('a window of speech', () => {
  it('is heard with its three graphs, on their providers', async () => {
    const { fake, graphs } = start(({ graphs: given }) => ({ tokens: given }));
    const { tokens } = await engine.hear(graphs, task(1), signal);
    expect(tokens).toEqual(graphs.map(({ id }) => id));
    expect(fake.opened).toEqual(['1 webgpu', '1 cpu', '1 cpu']);
  });

  it('is heard again in the next process after a crash', async () => {
    let crashes = 1;
    const { fake, graphs } = start(() => (crashes-- > 0 ? 'crash' : { tokens: [7] }));
    expect((await engine.hear(graphs, task(1), signal)).tokens).toEqual([7]);
    expect(fake.started()).toBe(2);
  });

  it('goes to the CPU with the graph whose provider failed', async () => {
    const failure = new PilotlightError('RUNNER_BAD_GRAPH', {
      details: { kind: 'other', reason: 'x', graph: 1 },
    });
    const outcomes = [failure];
    const { graphs } = start(() => outcomes.pop() ?? { tokens: [7] });
    expect((await engine.hear(graphs, task(1), signal)).tokens).toEqual([7]);
    expect(graphs[0].provider).toBe('cpu');
    expect(graphs[0].ladder).toMatchObject([{ state: 'failed' }, { state: 'used' }]);
  });

  it('is alone, and runs of other graphs do not wait for those that wait', async () => {
    const heard: (number | null)[] = [];
    const { fake, graphs, clock } = start(({ task: given }) => {
      heard.push(given.language);
      return 'hang';
    });
    const windows = [1, 2, 3].map((language) => engine.hear(graphs, task(language), signal).catch(() => {}));
    await engine.open(graphs[2]);
    const text = engine.add('text.onnx', 'cpu');
    await expect(engine.run(text, feeds)).resolves.toEqual(one);
    await expect(engine.run(text, feeds, { urgent: true })).resolves.toEqual(one);
    await clock.flush();
    expect(heard).toEqual([1]);
    expect(fake.started()).toBe(1);
    expect(engine.pending).toBe(3);
    engine.stop();
    supervisor.stop();
    await Promise.all(windows);
  });

  it('may take as long as it is getting on, and is ended when nothing of it is heard', async () => {
    let hangs = 1;
    const { clock, fake, graphs } = start(() => (hangs-- > 0 ? 'hang' : { tokens: [7] }));
    const window = engine.hear(graphs, task(1), signal);
    await engine.open(graphs[2]);
    for (let turn = 0; turn < 5; turn += 1) {
      await clock.advance(4999);
      fake.report();
      await clock.flush();
    }
    expect(fake.started()).toBe(1);
    await clock.advance(5000);
    expect((await window).tokens).toEqual([7]);
    expect(fake.started()).toBe(2);
  });

  it('is given up in the process when nobody waits for it', async () => {
    const gone = new AbortController();
    const { fake, graphs, clock } = start(() => 'hang');
    const window = engine.hear(graphs, task(1), gone.signal);
    const waiting = engine.hear(graphs, task(2), gone.signal);
    await engine.open(graphs[2]);
    await clock.flush();
    gone.abort(new Error('gone'));
    await expect(window).rejects.toThrow('gone');
    await expect(waiting).rejects.toThrow('gone');
    expect(fake.cancelled).toHaveLength(1);
    expect(engine.pending).toBe(1);
  });

  it('fails when the runner stops', async () => {
    const { graphs } = start(() => 'hang');
    const windows = [1, 2].map((language) => engine.hear(graphs, task(language), signal));
    await supervisor.current();
    engine.stop();
    supervisor.stop();
    for (const window of windows) await expect(window).rejects.toMatchObject({ code: 'RUNNER_STOPPED' });
  });
});
