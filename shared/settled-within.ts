/** Whether the work has settled within the time. It continues either way. */
export async function settledWithin(
  clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> },
  ms: number,
  work: Promise<unknown>,
  signal?: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController();
  const stop = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  const settled = () => true;
  const elapsed = () => false;
  try {
    return await Promise.race([work.then(settled, settled), clock.sleep(ms, stop).then(elapsed, elapsed)]);
  } finally {
    enough.abort();
  }
}
