/** A signal that follows others for a while. */
export interface Either extends Disposable {
  /** Aborted with the first of them, and with its reason. */
  readonly signal: AbortSignal;
}

/**
 * For work that ends before the longest of the signals does: `using either = eitherOf(signal, stopping)`, and await the
 * work. `AbortSignal.any` would stay known to a signal that lives as long as the process until garbage is collected,
 * which takes 25 MB at 20,000 calls.
 */
export function eitherOf(...signals: readonly (AbortSignal | undefined)[]): Either {
  const controller = new AbortController();
  const stops: (() => void)[] = [];
  const release = () => {
    for (const stop of stops.splice(0)) stop();
  };
  for (const signal of signals) {
    if (signal === undefined) continue;
    const abort = () => {
      release();
      controller.abort(signal.reason);
    };
    if (signal.aborted) {
      abort();
      break;
    }
    signal.addEventListener('abort', abort, { once: true });
    stops.push(() => signal.removeEventListener('abort', abort));
  }
  return { signal: controller.signal, [Symbol.dispose]: release };
}
