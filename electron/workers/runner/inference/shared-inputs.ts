/** Inputs of a run that lie in memory shared between threads. Not every Node gives such memory to native code. */
import type { Tensor, TensorData } from '../sessions.ts';

export type Tensors = Readonly<Record<string, Tensor>>;
type Run<Result> = (feeds: Tensors) => Promise<Result>;

/** Runs with the shared memory itself where that is possible, else with a copy. */
export function createSharedInputs(): <Result>(feeds: Tensors, run: Run<Result>) => Promise<Result> {
  /** null before it was tried. */
  let isTaken: boolean | null = null;
  return async (feeds, run) => {
    const isShared = Object.values(feeds).some(({ data }) => data.buffer instanceof SharedArrayBuffer);
    if (!isShared || isTaken === true) return run(feeds);
    if (isTaken === null) {
      try {
        const result = await run(feeds);
        isTaken = true;
        return result;
      } catch {
        // The run itself may be at fault: with a copy, it shows.
      }
    }
    const result = await run(copied(feeds));
    isTaken = false;
    return result;
  };
}

const copied = (feeds: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [name, { ...feed, data: feed.data.slice() as TensorData }]),
  );
