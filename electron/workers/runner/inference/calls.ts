/** The calls to the process that do a job, and what is learned from their answers. */
import type { PictureTask } from '../pictures/task.ts';
import type { Feeds, RunOptions } from '../sessions.ts';
import type { SpeechTask } from '../speech/task.ts';
import { type Done, type Graph, sizeOf } from './graph.ts';
import type { InferenceLink } from './link.ts';

export type Call = (link: InferenceLink) => Promise<Done>;

export function runCall(graph: Graph, feeds: Feeds, options: RunOptions): Call {
  const size = options.size ?? sizeOf(feeds);
  return async (link) => {
    const params = {
      graph: graph.id,
      feeds,
      reduce: options.reduce ?? null,
      size,
      urgent: options.urgent === true,
    };
    const { answers, ms, beside, rss } = await link.call('run', params, {
      deadlineMs: graph.deadline.ms(size),
    });
    graph.deadline.learn(size, ms);
    options.onRan?.({ ms, beside });
    return { value: answers, rss };
  };
}

/** Its size is not known before it is decoded, and hardly matters beside the shortest deadline. */
const ONE = 1;

export function pictureCall(
  graphs: readonly [Graph, ...Graph[]],
  task: PictureTask,
  signal: AbortSignal | undefined,
): Call {
  const deadline = graphs[0].pictureDeadline;
  const ids = graphs.map(({ id }) => id);
  return async (link) => {
    const options = { deadlineMs: deadline.ms(ONE), signal };
    const { result, ms, rss } = await link.call('picture', { graphs: ids, task }, options);
    deadline.learn(ONE, ms);
    return { value: result, rss };
  };
}

/** @param silenceMs how long nothing of it may be heard: an encoder that is large and slow takes a while */
export function speechCall(
  graphs: readonly [Graph, Graph, Graph],
  task: SpeechTask,
  { signal, silenceMs }: { signal: AbortSignal; silenceMs: number },
): Call {
  const [encoder, first, next] = graphs;
  return async (link) => {
    const params = { graphs: [encoder.id, first.id, next.id] as [number, number, number], task };
    const { result, rss } = await link.call('hear', params, { deadlineMs: silenceMs, signal });
    return { value: result, rss };
  };
}
