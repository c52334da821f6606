import { eitherOf } from './either.ts';

/** Whether the work has settled within the time. It continues either way. */
export async function settledWithin(
  clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> },
  ms: number,
  work: Promise<unknown>,
  signal?: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController();
  using stop = eitherOf(enough.signal, ...(signal === undefined ? [] : [signal]));
  const settled = () => true;
  const elapsed = () => false;
  try {
    return await Promise.race([
      work.then(settled, settled),
      clock.sleep(ms, stop.signal).then(elapsed, elapsed),
    ]);
  } finally {
    enough.abort();
  }
}
