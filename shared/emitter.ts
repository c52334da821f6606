/** Where a listener's failure goes: the log of the core, or what a program has in its place. */
export interface EmitterLog {
  error(message: string, fields: Record<string, unknown>): void;
}

export interface Emitter<Values extends unknown[]> {
  /** Returns how to stop. A listener that is added twice is called twice, and stops once for each. */
  on(listener: (...values: Values) => unknown): () => void;
  /**
   * Calls every listener, in the order in which they were added. One that throws or rejects is reported, and the
   * others are called all the same. A listener that is removed meanwhile is not called any more; one that is
   * added meanwhile gets the next event. An event that a listener causes follows when all have had this one, so
   * that every listener gets events in the order in which they happened.
   */
  emit(...values: Values): void;
  readonly size: number;
}

export interface EmitterOptions {
  /** Whose listeners they are, for the log: "fleet". */
  name: string;
  /** Without one a failure is thrown in a turn of its own, where the process or the window reports it. */
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

/** A log that fails must not stop the others either. */
export function reportThrown({ name, log }: EmitterOptions, error: unknown): void {
  try {
    if (log) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.error(`A listener of the ${name} failed.`, { error: text });
      return;
    }
  } catch {
    // What it was about is thrown below.
  }
  queueMicrotask(() => {
    throw error;
  });
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
