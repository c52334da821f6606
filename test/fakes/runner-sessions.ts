/** Graphs run by onnxruntime in this process: the real answers, without the runner's processes. */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { defaultPictureLimits } from '../../electron/workers/runner/pictures/picture.ts';
import { createPictures } from '../../electron/workers/runner/pictures/pictures.ts';
import type { PictureResult } from '../../electron/workers/runner/pictures/task.ts';
import { createPictureWork } from '../../electron/workers/runner/pictures/work.ts';
import type {
  GraphValue,
  OpenedGraph,
  Sessions,
  Tensor,
  TensorData,
} from '../../electron/workers/runner/sessions.ts';
import type { HeldGraph, HeldTensor } from '../../electron/workers/runner/speech/held.ts';
import { createSpeechWork } from '../../electron/workers/runner/speech/work.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { reduced, tensorsOf } from './runner-graphs.ts';

export interface InProcessSessions extends Sessions {
  /** Dimensions of the inputs of every run so far, by the file's name. */
  readonly runs: { file: string; dims: readonly number[] }[];
  /** Graphs that are open now. */
  readonly opened: Set<string>;
}

export function createInProcessSessions({ threads = 1 } = {}): InProcessSessions {
  const runs: InProcessSessions['runs'] = [];
  const open = new Set<string>();
  const graphs: OpenedGraph[] = [];
  const held = new Map<OpenedGraph, HeldGraph>();
  const speech = createSpeechWork({
    make: (type, data, dims) => new OrtTensor(type, data as never, [...dims]),
    inTurn: async (work) => work(),
  });
  const work = createPictureWork({
    pictures: createPictures({ limits: defaultPictureLimits, atOnce: 2 }),
    graphOf: (graph) => graphs[graph] as OpenedGraph,
  });
  return {
    runs,
    opened: open,
    // Its type follows from the task's.
    perform: (task, used, signal) =>
      work.perform(
        task,
        used.map((graph) => graphs.indexOf(graph)),
        signal,
      ) as Promise<PictureResult<typeof task>>,
    async hear(task, used, signal) {
      const [encoder, first, next] = used.map((graph) => held.get(graph) as HeldGraph);
      const found = [encoder as HeldGraph, first as HeldGraph, next as HeldGraph] as const;
      return speech.hear(task, found, { signal, onStep: () => {} });
    },
    async open(file) {
      const session = await InferenceSession.create(file, {
        intraOpNumThreads: threads,
        logSeverityLevel: 4,
      }).catch((cause: unknown) => {
        throw badGraph(cause);
      });
      open.add(file);
      const graph: OpenedGraph = {
        inputs: session.inputMetadata.map(graphValue),
        outputs: session.outputMetadata.map(graphValue),
        provider: () => 'cpu',
        ladder: () => [],
        atOnce: () => 2,
        async run(feeds, options) {
          options?.signal?.throwIfAborted();
          const [first] = Object.values(feeds);
          runs.push({ file: file.split('/').at(-1) ?? '', dims: first?.dims ?? [] });
          const answer = await session.run(ortFeeds(tensorsOf(feeds))).catch((cause: unknown) => {
            throw badGraph(cause);
          });
          const answers = Object.fromEntries(
            Object.entries(answer).map(([name, value]) => [
              name,
              { type: value.type, dims: value.dims, data: value.data as TensorData } as Tensor,
            ]),
          );
          return reduced(answers, options);
        },
        async close() {
          open.delete(file);
          await session.release();
        },
      };
      graphs.push(graph);
      held.set(graph, {
        inputs: graph.inputs,
        outputs: graph.outputs,
        run: (feeds, outputs) =>
          session.run(feeds as Record<string, OrtTensor>, outputs) as Promise<Record<string, HeldTensor>>,
      });
      return graph;
    },
  };
}

const ortFeeds = (feeds: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      new OrtTensor(type, data as never, [...dims]),
    ]),
  );

const graphValue = (value: InferenceSession.ValueMetadata): GraphValue =>
  value.isTensor
    ? { name: value.name, type: value.type, dims: value.shape }
    : { name: value.name, type: 'other', dims: [] };

const badGraph = (cause: unknown) =>
  new PilotlightError('RUNNER_BAD_GRAPH', { message: String(cause), cause });
