import type { Topic } from '../../electron/core/runtime/topic.ts';

/** Resolves with the first entry of a stream that fits, of those that are there or will come. */
export function untilEntry<Value>(topic: Topic<Value>, fits: (value: Value) => boolean): Promise<Value> {
  return new Promise((resolve) => {
    const subscription = topic.subscribe(null, () => {
      const found = topic.values().find(fits);
      if (found === undefined) return true;
      setImmediate(() => subscription.end());
      resolve(found);
      return true;
    });
  });
}
