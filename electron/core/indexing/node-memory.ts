/** What a job remembers of each node, from one source to the next, and for how long it leaves one alone. */
import type { Clock } from '../ports/time.ts';
import type { NodeStanding } from './route.ts';

export interface NodeMemory {
  /** It went away while it was used: left alone for 5 s, then twice as long each time, up to a minute. */
  lost(nodeId: string): void;
  /** It put the model on its CPU: asked again after a minute, then twice as long each time, up to ten. */
  gpuRefused(nodeId: string): void;
  /** It did not come when it was woken, or came without the model: not woken again for five minutes. */
  wakeRefused(nodeId: string): void;
  /** Its policy lets no job wake it now: asked again after a minute, for quiet hours end. */
  wakeNotAllowed(nodeId: string): void;
  /** It embedded something: the next failure counts as its first. */
  succeeded(nodeId: string): void;
  /** It has just come up: nothing speaks against it any more. */
  forgive(nodeId: string): void;
  standing(): Map<string, NodeStanding>;
  /** Milliseconds until something that is left alone may be tried again; null when nothing is. */
  nextRetryMs(): number | null;
}

interface Known {
  excludedUntil: number;
  gpuRefusedUntil: number;
  wakeRefusedUntil: number;
  failures: number;
  gpuRefusals: number;
  lost: boolean;
}

export function createNodeMemory({ clock }: { clock: Clock }): NodeMemory {
  const nodes = new Map<string, Known>();

  function of(nodeId: string): Known {
    let known = nodes.get(nodeId);
    if (!known) {
      known = {
        excludedUntil: 0,
        gpuRefusedUntil: 0,
        wakeRefusedUntil: 0,
        failures: 0,
        gpuRefusals: 0,
        lost: false,
      };
      nodes.set(nodeId, known);
    }
    return known;
  }

  return {
    lost(nodeId) {
      const known = of(nodeId);
      known.lost = true;
      known.excludedUntil = clock.monotonic() + Math.min(60_000, 5000 * 2 ** known.failures);
      known.failures += 1;
    },
    gpuRefused(nodeId) {
      const known = of(nodeId);
      known.gpuRefusedUntil = clock.monotonic() + Math.min(600_000, 60_000 * 2 ** known.gpuRefusals);
      known.gpuRefusals += 1;
    },
    wakeRefused(nodeId) {
      const known = of(nodeId);
      known.lost = true;
      known.wakeRefusedUntil = clock.monotonic() + 300_000;
    },
    wakeNotAllowed(nodeId) {
      of(nodeId).wakeRefusedUntil = clock.monotonic() + 60_000;
    },
    succeeded(nodeId) {
      of(nodeId).failures = 0;
    },
    forgive(nodeId) {
      const known = of(nodeId);
      known.excludedUntil = 0;
      known.gpuRefusedUntil = 0;
      known.wakeRefusedUntil = 0;
    },
    standing() {
      const now = clock.monotonic();
      return new Map(
        [...nodes].map(([nodeId, known]) => [
          nodeId,
          {
            excluded: known.excludedUntil > now,
            gpuRefused: known.gpuRefusedUntil > now,
            lost: known.lost,
            wakeRefused: known.wakeRefusedUntil > now,
          },
        ]),
      );
    },
    nextRetryMs() {
      const now = clock.monotonic();
      const times = [...nodes.values()].flatMap((known) => [
        known.excludedUntil,
        known.gpuRefusedUntil,
        known.wakeRefusedUntil,
      ]);
      const next = Math.min(...times.filter((time) => time > now));
      return Number.isFinite(next) ? next - now : null;
    },
  };
}
