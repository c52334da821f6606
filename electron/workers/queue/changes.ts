/** Tells what has changed: the first change at once, those within the next few milliseconds together. */
import type { QueueEvent } from '../../adapters/queues/sqlite/protocol.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { Transition } from './turn.ts';

const TOGETHER_MS = 10;

export function createChanges(clock: Pick<Clock, 'timer'>, tell: (event: QueueEvent) => void) {
  let pending = new Map<string, Transition['to']>();
  let timer: Timer | null = null;

  function flush(): void {
    timer = null;
    if (pending.size === 0) return;
    const changes = [...pending].map(([id, to]) => ({ id, state: to?.state ?? null }));
    pending = new Map();
    timer = clock.timer(TOGETHER_MS, flush);
    tell({ kind: 'changes', changes });
  }

  return {
    add(transitions: readonly Transition[]): void {
      for (const { id, to } of transitions) {
        // The last change of each goes to the end, so the order is that of the newest states.
        pending.delete(id);
        pending.set(id, to);
      }
      if (timer === null) flush();
    },
    stop(): void {
      timer?.cancel();
    },
  };
}
