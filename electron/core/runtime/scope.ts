/** Resources registered for disposal, disposed in reverse order. */

export interface Scope {
  /** Registers a release; returns it so that it can also be called early (it then runs once). */
  add(release: () => void | Promise<void>): () => Promise<void>;
  /** Aborted first when the scope is disposed. */
  readonly signal: AbortSignal;
  /** Releases everything, last acquired first. An error does not stop the others; all errors are thrown together. */
  dispose(): Promise<void>;
}

export function createScope(parent?: AbortSignal): Scope {
  const controller = new AbortController();
  const signal = parent ? AbortSignal.any([parent, controller.signal]) : controller.signal;
  const releases: (() => Promise<void>)[] = [];
  let disposing: Promise<void> | null = null;

  async function run(): Promise<void> {
    controller.abort(new DOMException('The scope was disposed.', 'AbortError'));
    const errors: unknown[] = [];
    for (let release = releases.pop(); release; release = releases.pop()) {
      try {
        await release();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'Some resources could not be released.');
  }

  return {
    signal,
    add(release) {
      let released: Promise<void> | null = null;
      const once = () => {
        const index = releases.indexOf(once);
        if (index >= 0) releases.splice(index, 1);
        released ??= Promise.resolve().then(release);
        return released;
      };
      releases.push(once);
      return once;
    },
    dispose() {
      disposing ??= run();
      return disposing;
    },
  };
}
