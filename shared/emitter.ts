/** Where a listener's failure is reported. */
export interface EmitterLog {
  error(message: string, fields: Record<string, unknown>): void;
}

export interface Emitter<Values extends unknown[]> {
  /** Returns a function that removes the listener. A listener added twice is called twice. */
  on(listener: (...values: Values) => unknown): () => void;
  /**
   * Calls every listener in the order in which they were added. One that throws or rejects is reported and does not
   * stop the others. A listener removed meanwhile is not called; one added meanwhile gets the next event. An event
   * emitted by a listener is delivered after the current one, so every listener gets events in order.
   */
  emit(...values: Values): void;
  readonly size: number;
}

export interface EmitterOptions {
  /** What the log calls it, for example "fleet". */
  name: string;
  /** Without one, a failure is rethrown in a microtask, where the process or the window reports it. */
  log?: EmitterLog | undefined;
}

export function createEmitter<Values extends unknown[]>({ name, log }: EmitterOptions): Emitter<Values> {
  type Added = { readonly listener: (...values: Values) => unknown };
  const added = new Set<Added>();
  const pending: Values[] = [];
  let emitting = false;
  const report = (error: unknown) => reportThrown({ name, log }, error);

  function call({ listener }: Added, values: Values): void {
    try {
      const outcome = listener(...values);
      if (isThenable(outcome)) outcome.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }

  return {
    on(listener) {
      const own: Added = { listener };
      added.add(own);
      return () => {
        added.delete(own);
      };
    },
    emit(...values) {
      pending.push(values);
      if (emitting) return;
      emitting = true;
      try {
        for (let next = pending.shift(); next; next = pending.shift()) {
          for (const one of [...added]) if (added.has(one)) call(one, next);
        }
      } finally {
        emitting = false;
      }
    },
    get size() {
      return added.size;
    },
  };
}

/** A failing log must not stop the other listeners either. */
export function reportThrown({ name, log }: EmitterOptions, error: unknown): void {
  try {
    if (log) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error(`A listener of the ${name} failed.`, { error: text });
      return;
    }
  } catch {
    // The original error is rethrown below.
  }
  queueMicrotask(() => {
    throw error;
  });
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
