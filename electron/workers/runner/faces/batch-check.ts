/** Whether a graph gives each picture of a batch the answer that it gives it alone. */
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import type { OpenedGraph, Tensor } from '../sessions.ts';

/** How far a number may lie from that of the picture alone, for values around 1. */
const TOLERANCE = 1e-3;
/** Three show what two may hide: an answer that mixes up pictures in another order than it was given. */
const COUNT = 3;

/**
 * Some exports declare a free batch and were traced with one picture: they give rows of the wrong shape, or mix the
 * pictures, without an error.
 * @param dims of one picture, such as [3, 112, 112]
 */
export async function keepsPicturesApart(
  graph: Pick<OpenedGraph, 'run'>,
  input: string,
  dims: readonly number[],
  signal?: AbortSignal,
): Promise<boolean> {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const options = signal === undefined ? {} : { signal };
  const pictures = Array.from({ length: COUNT }, (_, at) => noise(size, at + 1));
  const together = new Float32Array(size * COUNT);
  for (const [at, picture] of pictures.entries()) together.set(picture, at * size);
  const feed = (data: Float32Array, count: number): Record<string, Tensor> => ({
    [input]: { type: 'float32', dims: [count, ...dims], data },
  });
  const alone: Record<string, Tensor>[] = [];
  for (const picture of pictures) alone.push(await graph.run(feed(picture, 1), options));
  try {
    const batch = await graph.run(feed(together, COUNT), options);
    return alone.every((answer, at) => isAlike(answer, batch, at));
  } catch (error) {
    // Graphs of this kind may refuse the batch, too. A runner that stops is another matter.
    if (isPilotlightError(error) && error.code === 'RUNNER_BAD_GRAPH') return false;
    throw error;
  }
}

function isAlike(
  alone: Readonly<Record<string, Tensor>>,
  batch: Readonly<Record<string, Tensor>>,
  at: number,
): boolean {
  return Object.entries(alone).every(([name, one]) => {
    const all = batch[name];
    if (all === undefined || all.dims.length !== one.dims.length) return false;
    if (one.dims[0] !== 1 || all.dims[0] !== COUNT) return false;
    if (one.dims.some((dim, place) => place > 0 && all.dims[place] !== dim)) return false;
    const size = one.data.length;
    for (let index = 0; index < size; index += 1) {
      const expected = Number(one.data[index]);
      const found = Number(all.data[at * size + index]);
      if (!(Math.abs(expected - found) <= TOLERANCE * Math.max(1, Math.abs(expected)))) return false;
    }
    return true;
  });
}

/** The same numbers for the same seed, from -1 to 1. */
export function noise(length: number, seed: number): Float32Array {
  const values = new Float32Array(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    values[at] = state / 2 ** 31;
  }
  return values;
}
