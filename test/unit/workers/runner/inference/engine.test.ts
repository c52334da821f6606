import { afterEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../../../electron/workers/runner/inference/engine.ts';
import {
  type Supervisor,
  superviseInference,
} from '../../../../../electron/workers/runner/inference/supervisor.ts';
import { rung } from '../../../../../electron/workers/runner/ladder/decide.ts';
import { picturesAtOnce } from '../../../../../electron/workers/runner/pictures/at-once.ts';
import type { FacePlan, PictureTask } from '../../../../../electron/workers/runner/pictures/task.ts';
import { PilotlightError } from '../../../../../shared/contract/errors.ts';
import { createFakeClock } from '../../../../fakes/clock.ts';
import {
  createFakeInference,
  type FakeInference,
  type RunOutcome,
} from '../../../../fakes/inference-host.ts';
import { floatTensor } from '../../../../fakes/runner-graphs.ts';

const settledTurns = () => new Promise((resolve) => setImmediate(resolve));
const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const one = { y: floatTensor([1], [1]) };
const feeds = (value = 1) => ({ x: floatTensor([1], [value]) });
const fault = (kind: string) =>
  new PilotlightError(kind === 'memory' ? 'RUNNER_OUT_OF_MEMORY' : 'RUNNER_BAD_GRAPH', {
    details: { kind, reason: kind },
  });

let supervisor: Supervisor;
let engine: Engine;
function start(onRun: FakeInference['onRun'], broken: PilotlightError | null = null) {
  const clock = createFakeClock();
  const fake = createFakeInference(onRun);
  fake.broken = broken;
  supervisor = superviseInference({ host: fake.host, clock, log, config: { threads: null } });
  engine = createEngine({ supervisor, log, deadlines: { minimumMs: 1000, firstMs: 5000 }, onRun: silent });
  return { clock, fake };
}
afterEach(() => {
  engine.stop();
  supervisor.stop();
});
/** The outcomes of the first runs; later ones succeed. */
const first = (...outcomes: RunOutcome[]) => {
  const left = [...outcomes];
  return () => left.shift() ?? one;
};
const gpuGraph = () => {
  const graph = engine.add('model.onnx', 'webgpu');
  graph.ladder = [rung('webgpu', 'used'), rung('cpu', 'untried')];
  return graph;
};

describe('a run', () => {
  it.each(['crash', 'killed'] as const)('is repeated in the next process after a %s', async (outcome) => {
    const { fake } = start(first(outcome));
    await expect(engine.run(engine.add('m', 'cpu'), feeds())).resolves.toEqual(one);
    expect(fake.started()).toBe(2);
    expect(fake.opened).toEqual(['1 cpu', '2 cpu']);
  });

  it('that ends two processes is refused, and the next one is served', async () => {
    start(first('crash', 'crash'));
    const graph = engine.add('m', 'cpu');
    await expect(engine.run(graph, feeds())).rejects.toMatchObject({ code: 'RUNNER_INPUT_REFUSED' });
    await expect(engine.run(graph, feeds())).resolves.toEqual(one);
  });

  it('survives being killed from outside several times, but not each time', async () => {
    start(first('killed', 'killed', 'killed', 'killed'));
    await expect(engine.run(engine.add('m', 'cpu'), feeds())).resolves.toEqual(one);
    engine.stop();
    supervisor.stop();
    start(() => 'killed');
    await expect(engine.run(engine.add('m', 'cpu'), feeds())).rejects.toMatchObject({
      code: 'RUNNER_INPUT_REFUSED',
    });
  });

  it('that hangs is ended at its deadline and repeated', async () => {
    const { clock, fake } = start(first('hang'));
    const answer = engine.run(engine.add('m', 'cpu'), feeds());
    await clock.advance(4999);
    expect(fake.started()).toBe(1);
    await clock.advance(1);
    await expect(answer).resolves.toEqual(one);
    expect(fake.started()).toBe(2);
  });

  it('learns how long a run takes: a later one is given up sooner', async () => {
    const { clock, fake } = start(first(one, 'hang'));
    const graph = engine.add('m', 'cpu');
    await engine.run(graph, feeds());
    const answer = engine.run(graph, feeds());
    await clock.advance(1000);
    await expect(answer).resolves.toEqual(one);
    expect(fake.started()).toBe(2);
  });

  it('that is urgent goes before those that wait, and says so to the process', async () => {
    const order: [number, boolean][] = [];
    start(({ feeds: given, urgent }) => {
      order.push([given.x?.data[0] as number, urgent]);
      return one;
    });
    const graph = engine.add('m', 'cpu');
    await Promise.all([
      engine.run(graph, feeds(1)),
      engine.run(graph, feeds(2)),
      engine.run(graph, feeds(3)),
      engine.run(graph, feeds(4), { urgent: true }),
    ]);
    expect(order).toEqual([
      [1, false],
      [2, false],
      [4, true],
      [3, false],
    ]);
  });

  it.each([
    [1, 2],
    [2, 3],
    [4, 5],
  ])('of a graph with %i lanes is sent with %i at once, queries with two', async (lanes, most) => {
    const order: [number, boolean][] = [];
    const { fake, clock } = start(({ feeds: given, urgent }) => {
      order.push([given.x?.data[0] as number, urgent]);
      return order.length === 1 ? one : 'hang';
    });
    fake.lanes = lanes;
    const graph = engine.add('m', 'cpu');
    // The number of lanes is known when it is open.
    await engine.run(graph, feeds());
    const all = [...Array.from({ length: 9 }, () => false), true, true, true].map((urgent) =>
      engine.run(graph, feeds(), { urgent }).catch(() => {}),
    );
    await clock.flush();
    const sent = order.slice(1).map(([, urgent]) => urgent);
    expect(sent.filter((urgent) => !urgent)).toHaveLength(most);
    expect(sent.filter((urgent) => urgent)).toHaveLength(2);
    engine.stop();
    supervisor.stop();
    await Promise.all(all);
  });

  it('tells how long it took, and beside how many', async () => {
    start(() => one);
    const told: object[] = [];
    await engine.run(engine.add('m', 'cpu'), feeds(), { onRan: (run) => told.push(run) });
    expect(told).toEqual([{ ms: 1, beside: 1 }]);
  });

  it('that is aborted while it waits never runs', async () => {
    const seen: number[] = [];
    start(({ feeds: given }) => {
      seen.push(given.x?.data[0] as number);
      return one;
    });
    const graph = engine.add('m', 'cpu');
    const abort = new AbortController();
    const sent = [engine.run(graph, feeds(1)), engine.run(graph, feeds(2))];
    const waiting = engine.run(graph, feeds(3), { signal: abort.signal });
    abort.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await Promise.all(sent);
    expect(seen).toEqual([1, 2]);
  });

  it('waits while the process starts, and fails when the runner stops', async () => {
    const { fake } = start(() => 'hang');
    const answer = engine.run(engine.add('m', 'cpu'), feeds());
    await supervisor.current();
    engine.stop();
    supervisor.stop();
    await expect(answer).rejects.toMatchObject({ code: 'RUNNER_STOPPED' });
    expect(fake.started()).toBe(1);
  });

  it('says that onnxruntime cannot be loaded', async () => {
    start(() => one, new PilotlightError('RUNNER_NOT_INSTALLED'));
    await expect(engine.run(engine.add('m', 'cpu'), feeds())).rejects.toMatchObject({
      code: 'RUNNER_NOT_INSTALLED',
    });
  });

  it('with wrong inputs fails alone, without another process', async () => {
    const { fake } = start(first(fault('inputs')));
    await expect(engine.run(gpuGraph(), feeds())).rejects.toMatchObject({ code: 'RUNNER_BAD_GRAPH' });
    expect(fake.started()).toBe(1);
  });
});

describe('runs that are with the process together', () => {
  const numberOf = ({ feeds: given }: Parameters<FakeInference['onRun']>[0]) => given.x?.data[0] as number;

  it('are two at most, so that the next one is there when one ends', async () => {
    const seen: number[] = [];
    start((run) => {
      seen.push(numberOf(run));
      return 'hang';
    });
    const graph = engine.add('m', 'cpu');
    const answers = [1, 2, 3].map((value) => engine.run(graph, feeds(value)));
    await engine.open(graph);
    await new Promise(setImmediate);
    expect(seen).toEqual([1, 2]);
    expect(engine.pending).toBe(3);
    engine.stop();
    supervisor.stop();
    for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: 'RUNNER_STOPPED' });
  });

  it.each(['crash', 'killed'] as const)('are all repeated after a %s', async (outcome) => {
    let isFirst = true;
    const { fake } = start((run) => {
      if (numberOf(run) === 1) return isFirst ? 'hang' : one;
      const ended = isFirst ? outcome : one;
      isFirst = false;
      return ended;
    });
    const graph = engine.add('m', 'cpu');
    const answers = [1, 2, 3].map((value) => engine.run(graph, feeds(value)));
    await expect(Promise.all(answers)).resolves.toEqual([one, one, one]);
    expect(fake.started()).toBe(2);
  });

  it.each([1, 2])('are not refused for the one at fault, be it number %i', async (bad) => {
    start((run) => (numberOf(run) === bad ? 'crash' : one));
    const graph = engine.add('m', 'cpu');
    const results = await Promise.allSettled([1, 2, 3, 4].map((value) => engine.run(graph, feeds(value))));
    expect(results.map(({ status }) => status)).toEqual(
      [1, 2, 3, 4].map((value) => (value === bad ? 'rejected' : 'fulfilled')),
    );
    expect(results[bad - 1]).toMatchObject({ reason: { code: 'RUNNER_INPUT_REFUSED' } });
  });

  it('are repeated together after they were killed from outside, and one by one the next time', async () => {
    const together: number[] = [];
    let inProcess = 0;
    let process = 0;
    start((run) => {
      inProcess = run.process === process ? inProcess + 1 : 1;
      process = run.process;
      together[process - 1] = inProcess;
      if (process === 3) return one;
      return inProcess === 2 ? 'killed' : 'hang';
    });
    const graph = engine.add('m', 'cpu');
    const answers = [1, 2].map((value) => engine.run(graph, feeds(value)));
    const sentAlone: number[] = [];
    void answers[0]?.then(() => sentAlone.push(together[2] ?? 0));
    await expect(Promise.all(answers)).resolves.toEqual([one, one]);
    expect(together).toEqual([2, 2, 2]);
    expect(sentAlone).toEqual([1]);
  });

  it('are repeated one by one, before anything else is sent beside them', async () => {
    const together: number[][] = [];
    start((run) => {
      together[run.process - 1] = [...(together[run.process - 1] ?? []), numberOf(run)];
      return run.process === 1
        ? numberOf(run) === 2
          ? 'crash'
          : 'hang'
        : numberOf(run) === 2
          ? 'crash'
          : one;
    });
    const graph = engine.add('m', 'cpu');
    await Promise.allSettled([1, 2, 3].map((value) => engine.run(graph, feeds(value))));
    expect(together[0]).toEqual([1, 2]);
    // Whatever was with the one at fault when it ended the next processes, it was not 3.
    expect(together.slice(1, -1).flat()).not.toContain(3);
  });

  it('have their deadlines one after the other', async () => {
    const { clock, fake } = start(first('hang', 'hang'));
    const graph = engine.add('m', 'cpu');
    const answers = [engine.run(graph, feeds(1)), engine.run(graph, feeds(2))];
    await clock.advance(4999);
    expect(fake.started()).toBe(1);
    await clock.advance(1);
    await expect(Promise.all(answers)).resolves.toEqual([one, one]);
    expect(fake.started()).toBe(2);
  });

  it('lose their device once', async () => {
    const { fake } = start(({ process }) => (process === 1 ? fault('lost') : one));
    const graph = gpuGraph();
    await expect(Promise.all([engine.run(graph, feeds(1)), engine.run(graph, feeds(2))])).resolves.toEqual([
      one,
      one,
    ]);
    expect(graph.provider).toBe('webgpu');
    expect(fake.started()).toBe(2);
  });

  it('both move to the CPU when their provider fails', async () => {
    start(({ provider }) => (provider === 'cpu' ? one : fault('other')));
    const graph = gpuGraph();
    await expect(Promise.all([engine.run(graph, feeds(1)), engine.run(graph, feeds(2))])).resolves.toEqual([
      one,
      one,
    ]);
  });

  it('are repeated when their graph moved to a better provider meanwhile', async () => {
    start(({ provider }) => (provider === 'cpu' ? new PilotlightError('RUNNER_STARTING') : one));
    const graph = engine.add('m', 'cpu');
    const answer = engine.run(graph, feeds());
    engine.move(graph, 'webgpu');
    await expect(answer).resolves.toEqual(one);
  });
});

describe('a provider', () => {
  it.each(['other', 'memory'])(
    'that fails with %s is replaced by the CPU, and the run repeated',
    async (kind) => {
      const { fake } = start(({ provider }) => (provider === 'cpu' ? one : fault(kind)));
      const graph = gpuGraph();
      await expect(engine.run(graph, feeds())).resolves.toEqual(one);
      expect(graph.ladder[0]).toMatchObject({ state: 'failed', reason: { code: 'RUNNER_PROVIDER_FAILED' } });
      expect(fake.started()).toBe(1);
    },
  );

  it('with too little memory for a batch stays: the batch can be divided', async () => {
    start(first(fault('memory')));
    const graph = gpuGraph();
    await expect(engine.run(graph, feeds(), { divisible: true })).rejects.toMatchObject({
      code: 'RUNNER_OUT_OF_MEMORY',
    });
    expect(graph.provider).toBe('webgpu');
  });

  it('that lost its device gets it back in a new process', async () => {
    const { fake } = start(first(fault('lost')));
    const graph = gpuGraph();
    await expect(engine.run(graph, feeds())).resolves.toEqual(one);
    expect(fake.opened).toEqual(['1 webgpu', '2 webgpu']);
  });

  it('that loses its device again gives way to the CPU', async () => {
    const { fake } = start(({ provider }) => (provider === 'cpu' ? one : fault('lost')));
    const graph = gpuGraph();
    await expect(engine.run(graph, feeds())).resolves.toEqual(one);
    expect(fake.opened.at(-1)).toBe('3 cpu');
    expect(graph.ladder[0]?.reason?.code).toBe('RUNNER_PROVIDER_LOST');
  });

  it.each(['crash', 'hang'] as const)('that ends in a %s each time gives way to the CPU', async (outcome) => {
    const { clock } = start(({ provider }) => (provider === 'cpu' ? one : outcome));
    const graph = gpuGraph();
    const answer = engine.run(graph, feeds());
    for (let turn = 0; turn < 4; turn += 1) await clock.advance(5000);
    await expect(answer).resolves.toEqual(one);
    expect(graph.ladder[0]?.reason?.code).toBe('RUNNER_PROVIDER_CRASHED');
  });
});

describe('pictures', () => {
  const task = (size = 1): PictureTask => ({
    kind: 'faces',
    bytes: new Uint8Array(size),
    plan: {} as FacePlan,
    options: { embed: true, minQuality: 0, cropMargin: null },
  });
  const two = (provider: 'cpu' | 'webgpu' = 'cpu') => {
    const graphs = [engine.add('detector', provider), engine.add('embedder', provider)] as const;
    for (const graph of graphs) graph.ladder = [rung('webgpu', 'used'), rung('cpu', 'untried')];
    return graphs;
  };
  const outcomes = (fake: FakeInference, ...list: ReturnType<FakeInference['onPicture']>[]) => {
    const left = [...list];
    fake.onPicture = () => left.shift() ?? { width: 7 };
  };

  it('have their graphs opened, and say which they are', async () => {
    const { fake } = start(() => one);
    const seen: number[][] = [];
    fake.onPicture = ({ graphs }) => {
      seen.push(graphs);
      return { width: 7 };
    };
    const graphs = two();
    await expect(engine.perform(graphs, task())).resolves.toMatchObject({ width: 7, faces: [] });
    expect(fake.opened).toEqual(['1 cpu', '1 cpu']);
    expect(seen).toEqual([graphs.map(({ id }) => id)]);
  });

  it.each(['crash', 'killed'] as const)('are repeated in the next process after a %s', async (outcome) => {
    const { fake } = start(() => one);
    outcomes(fake, outcome);
    await expect(engine.perform(two(), task())).resolves.toMatchObject({ width: 7 });
    expect(fake.started()).toBe(2);
  });

  it('that end two processes are refused, such as by a fault of the decoder', async () => {
    const { fake } = start(() => one);
    outcomes(fake, 'crash', 'crash');
    await expect(engine.perform(two(), task())).rejects.toMatchObject({ code: 'RUNNER_INPUT_REFUSED' });
  });

  it('that hang are ended at their deadline', async () => {
    const { fake, clock } = start(() => one);
    outcomes(fake, 'hang');
    const answer = engine.perform(two(), task());
    await clock.advance(5000);
    await expect(answer).resolves.toMatchObject({ width: 7 });
    expect(fake.started()).toBe(2);
  });

  it('that cannot be decoded fail alone, and no provider is blamed', async () => {
    const { fake } = start(() => one);
    outcomes(fake, new PilotlightError('PICTURE_DAMAGED'));
    const graphs = two('webgpu');
    await expect(engine.perform(graphs, task())).rejects.toMatchObject({ code: 'PICTURE_DAMAGED' });
    expect(graphs.map(({ provider }) => provider)).toEqual(['webgpu', 'webgpu']);
    expect(fake.started()).toBe(1);
  });

  it('move only the graph that failed to the CPU', async () => {
    const { fake } = start(() => one);
    const graphs = two('webgpu');
    const [, embedder] = graphs;
    outcomes(
      fake,
      new PilotlightError('RUNNER_BAD_GRAPH', {
        details: { kind: 'other', reason: 'x', graph: embedder.id },
      }),
    );
    await expect(engine.perform(graphs, task())).resolves.toMatchObject({ width: 7 });
    expect(graphs.map(({ provider }) => provider)).toEqual(['webgpu', 'cpu']);
  });

  it('move both graphs to the CPU when they end two processes on a device', async () => {
    const { fake } = start(() => one);
    outcomes(fake, 'crash', 'crash');
    const graphs = two('webgpu');
    await expect(engine.perform(graphs, task())).resolves.toMatchObject({ width: 7 });
    expect(graphs.map(({ provider }) => provider)).toEqual(['cpu', 'cpu']);
  });

  it('are given up in the process, too, and not sent after that', async () => {
    const { fake } = start(() => one);
    fake.onPicture = () => 'hang';
    const graphs = two();
    const abort = new AbortController();
    const sent = Array.from({ length: picturesAtOnce + 3 }, () =>
      engine.perform(graphs, task(), abort.signal).catch((error: Error) => error.message),
    );
    await supervisor.current();
    await settledTurns();
    abort.abort(new Error('gone'));
    expect(new Set(await Promise.all(sent))).toEqual(new Set(['gone']));
    expect(fake.cancelled).toHaveLength(picturesAtOnce);
  });
});
