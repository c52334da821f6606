/** Work on many requests at once, in slices that let others pass. */

/** The longest slice, milliseconds. */
const SLICE_MS = 4;

/** Calls `act` for each item in order; resolves when all are done. Never rejects: `act` must not throw. */
export async function inSlices<Item>(items: Iterable<Item>, act: (item: Item) => void): Promise<void> {
  let began = performance.now();
  for (const item of items) {
    act(item);
    if (performance.now() - began < SLICE_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
