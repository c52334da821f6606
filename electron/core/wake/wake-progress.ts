/** The `wake` stream: the progress of each wake, shown until shortly after the node serves. */
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import type { Clock, Timer } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { reachedStep } from './wake-plan.ts';

export interface WakeProgressTracker {
  get(nodeId: string): WakeProgress | null;
  list(): WakeProgress[];
  /** Replaces the progress of an earlier wake of the node. */
  begin(progress: WakeProgress): void;
  /** Does nothing if the progress was removed. */
  change(nodeId: string, change: Partial<WakeProgress>): void;
  /** The node changed: advances the progress, or removes it. */
  follow(node: NodeView): void;
  /** The node serves: keeps the progress for as long as its GPU may still be verified. */
  served(node: NodeView): void;
  remove(nodeId: string): void;
  stop(): void;
}

/** How long the progress is shown after the node serves. */
const SHOWN_AFTER_SERVING_MS = 30_000;
const SHOWN_AFTER_VERIFIED_MS = 5000;

export function createWakeProgress({
  clock,
  streams,
}: {
  clock: Clock;
  streams: Pick<Streams, 'wake'>;
}): WakeProgressTracker {
  const current = new Map<string, WakeProgress>();
  /** Timers that remove the progress of a successful wake, by node. */
  const ending = new Map<string, Timer>();

  function put(progress: WakeProgress, soon: boolean): void {
    current.set(progress.nodeId, progress);
    streams.wake.set(progress.nodeId, progress, { soon });
  }

  function remove(nodeId: string): void {
    ending.get(nodeId)?.cancel();
    ending.delete(nodeId);
    if (current.delete(nodeId)) streams.wake.delete(nodeId);
  }

  function removeIn(nodeId: string, ms: number): void {
    ending.get(nodeId)?.cancel();
    ending.set(
      nodeId,
      clock.timer(ms, () => remove(nodeId)),
    );
  }

  return {
    get: (nodeId) => current.get(nodeId) ?? null,
    list: () => [...current.values()],
    begin(progress) {
      remove(progress.nodeId);
      put(progress, true);
    },
    change(nodeId, change) {
      const progress = current.get(nodeId);
      if (progress) put({ ...progress, ...change }, false);
    },
    follow(node) {
      const progress = current.get(node.id);
      if (!progress) return;
      const next = reachedStep(progress, node.state);
      if (next !== progress) put(next, true);
      if (!ending.has(node.id)) return;
      if (!isServing(node.state)) remove(node.id);
      else if (next.step === 'gpu-verified' && next !== progress) removeIn(node.id, SHOWN_AFTER_VERIFIED_MS);
    },
    served(node) {
      if (!current.has(node.id)) return;
      if (node.hasGpu === false) remove(node.id);
      else removeIn(node.id, SHOWN_AFTER_SERVING_MS);
    },
    remove,
    stop() {
      for (const timer of ending.values()) timer.cancel();
      ending.clear();
    },
  };
}
