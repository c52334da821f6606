import type { Cursor, Frame } from '../../../shared/contract/streams.ts';
import { createEmitter, reportThrown } from '../../../shared/emitter.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';

export interface TopicSubscription {
  /** Call it when a slow link has drained and can take another frame. */
  resume(): void;
  end(): void;
}

/**
 * A stream of keyed entries. Values are kept with or without subscribers; each subscriber gets at most one frame per
 * `coalesceMs`, with the newest values of the entries that changed since its cursor.
 */
export interface Topic<Value> {
  /** `soon`: somebody is waiting, so do not wait for the next regular frame. */
  set(key: string, value: Value, options?: { soon?: boolean }): void;
  delete(key: string): void;
  get(key: string): Value | undefined;
  values(): Value[];
  keys(): string[];
  /** True while there are subscribers; producers of costly values may skip them otherwise. */
  readonly active: boolean;
  /** Called when the first subscriber is added and when the last one is removed. */
  onActive(listener: (active: boolean) => void): () => void;
  /**
   * `deliver` gets a snapshot at once, or the changes since `cursor` if they are still known. Another snapshot may follow
   * later and replaces everything. `deliver` returns false if the link is full: nothing more is sent until `resume`, and
   * then only the newest values.
   */
  subscribe(cursor: Cursor | null, deliver: (frame: Frame) => boolean): TopicSubscription;
}

export interface TopicOptions {
  clock: Clock;
  /** Identifies this run of the core: a cursor from another epoch gets a snapshot. */
  epoch: string;
  /** Where a subscriber or listener that throws is reported; without one it is an uncaught error. */
  log?: Pick<Log, 'error'> | undefined;
  /** Least time between two frames to one subscriber, milliseconds. */
  coalesceMs: number;
  /** How many removals are remembered; a subscriber that missed more gets a snapshot. Default 1,000. */
  tombstones?: number;
}

interface Subscriber {
  sequence: number;
  deliver: (frame: Frame) => boolean;
  full: boolean;
  lastFrameAt: number;
}

/** The sequence of a subscriber that may have lost a frame: older than every removal. */
const UNKNOWN = -1;
/** Least time between two frames if the second one is `soon`. */
const SOON_MS = 50;

export function createTopic<Value>(options: TopicOptions): Topic<Value> {
  const { clock, epoch, coalesceMs, log, tombstones: maxTombstones = 1000 } = options;
  const entries = new Map<string, { value: Value; sequence: number }>();
  const removed = new Map<string, number>();
  const subscribers = new Set<Subscriber>();
  const activity = createEmitter<[active: boolean]>({ name: 'streams', log });
  let sequence = 0;
  /** Cursors before this sequence may have missed a removal. */
  let oldestResumable = 0;
  let timer: Timer | null = null;
  let due = 0;

  function changed(leastMs = coalesceMs): void {
    if (subscribers.size === 0 || (timer && leastMs === coalesceMs)) return;
    const now = clock.monotonic();
    let wait = leastMs;
    for (const subscriber of subscribers) {
      if (!subscriber.full) wait = Math.min(wait, Math.max(0, subscriber.lastFrameAt + leastMs - now));
    }
    if (timer && due <= now + wait) return;
    timer?.cancel();
    due = now + wait;
    timer = clock.timer(wait, flush);
  }

  function flush(): void {
    timer = null;
    for (const subscriber of subscribers) {
      if (!subscriber.full && subscriber.sequence < sequence) sendChanges(subscriber);
    }
  }

  /** A delta cannot name removals that are no longer remembered, so a subscriber that missed one gets a snapshot. */
  function sendChanges(subscriber: Subscriber): void {
    if (subscriber.sequence < oldestResumable) sendSnapshot(subscriber);
    else sendDelta(subscriber);
  }

  function sendDelta(subscriber: Subscriber): void {
    const since = subscriber.sequence;
    const set: [string, unknown][] = [];
    // A changed entry is moved to the end of the map, so the walk can stop at the first old one.
    const newest = [...entries].reverse();
    for (const [key, entry] of newest) {
      if (entry.sequence <= since) break;
      set.push([key, entry.value]);
    }
    set.reverse();
    const removedKeys = [...removed].filter(([, at]) => at > since).map(([key]) => key);
    send(subscriber, { kind: 'delta', cursor: { epoch, sequence }, set, removed: removedKeys });
  }

  function sendSnapshot(subscriber: Subscriber): void {
    const set = [...entries].map(([key, entry]): [string, unknown] => [key, entry.value]);
    send(subscriber, { kind: 'snapshot', cursor: { epoch, sequence }, set, removed: [] });
  }

  function send(subscriber: Subscriber, frame: Frame): void {
    subscriber.sequence = sequence;
    subscriber.lastFrameAt = clock.monotonic();
    try {
      subscriber.full = !subscriber.deliver(frame);
    } catch (error) {
      // Its state is unknown now, so its next frame is a snapshot. Other subscribers still get this frame.
      subscriber.sequence = UNKNOWN;
      reportThrown({ name: 'streams', log }, error);
    }
  }

  return {
    set(key, value, { soon = false } = {}) {
      sequence += 1;
      entries.delete(key);
      entries.set(key, { value, sequence });
      removed.delete(key);
      changed(soon ? Math.min(SOON_MS, coalesceMs) : coalesceMs);
    },
    delete(key) {
      if (!entries.delete(key)) return;
      sequence += 1;
      removed.set(key, sequence);
      if (removed.size > maxTombstones) {
        const [oldestKey, at] = removed.entries().next().value as [string, number];
        removed.delete(oldestKey);
        oldestResumable = at;
      }
      changed();
    },
    get: (key) => entries.get(key)?.value,
    values: () => [...entries.values()].map((entry) => entry.value),
    keys: () => [...entries.keys()],
    get active() {
      return subscribers.size > 0;
    },
    onActive: activity.on,
    subscribe(cursor, deliver) {
      const subscriber: Subscriber = { sequence: 0, deliver, full: false, lastFrameAt: 0 };
      subscribers.add(subscriber);
      if (subscribers.size === 1) activity.emit(true);
      const resumable = cursor !== null && cursor.epoch === epoch && cursor.sequence <= sequence;
      if (resumable) {
        subscriber.sequence = cursor.sequence;
        sendChanges(subscriber);
      } else {
        sendSnapshot(subscriber);
      }
      return {
        resume() {
          if (!subscriber.full) return;
          subscriber.full = false;
          if (subscriber.sequence < sequence) changed();
        },
        end() {
          if (!subscribers.delete(subscriber)) return;
          if (subscribers.size === 0) {
            timer?.cancel();
            timer = null;
            activity.emit(false);
          }
        },
      };
    },
  };
}
