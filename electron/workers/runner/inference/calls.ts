/** The calls to the process that do a job, and what is learned from their answers. */
import type { PictureTask } from '../pictures/task.ts';
import type { Feeds, RunOptions } from '../sessions.ts';
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
