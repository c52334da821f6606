/**
 * Watches how old the loads in progress are. If Ollama's scheduler is stuck, everything but loads is still answered, so
 * only the age of the oldest load shows it. Nothing is sent to find out: a probe would wait behind the stuck load.
 */
import { createEmitter } from '../../../shared/emitter.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';

/** A silent request is reported at this age at the latest, milliseconds. */
const REPORTED_WITHIN_MS = 15_000;
/** After a load was stuck, the server gets no other load for this long. */
const RETRY_AFTER_STALL_MS = 30 * 60_000;

export interface StuckLoad {
  model: string;
  /** When it began, monotonic. */
  startedAt: number;
  /** A request of another program waits for it, not this core. */
  isRequest: boolean;
}

/** The loads in progress: those of Pilotlight, and those that requests through the gateway wait for. */
export interface LoadWatch {
  /** Runs one load, without a deadline. */
  run(nodeId: string, model: string, load: () => Promise<void>): Promise<void>;
  /**
   * The requests that were sent to the node and have no first byte. They wait for a load if their model is not loaded.
   * @param since model → when the oldest was sent, milliseconds since the epoch
   */
  silent(nodeId: string, since: Readonly<Record<string, number>>): void;
  /** The models of the node, or its requests, have changed. */
  changed(nodeId: string): void;
  /** Why a node takes no more loads; null if it does. */
  blocked(nodeId: string): Message | null;
  stuck(nodeId: string): StuckLoad | null;
  /** The server was restarted, or a model was loaded there: its scheduler works. */
  clear(nodeId: string): void;
  /** The node was removed. */
  forget(nodeId: string): void;
  stop(): void;
  /** Called when a node becomes stuck, and when it no longer is. */
  onChange(listener: (nodeId: string, stuck: StuckLoad | null) => void): () => void;
}

export interface LoadWatchDependencies {
  clock: Clock;
  log: Log;
  isLoaded(nodeId: string, model: string): boolean;
  /** Age from which it is stuck, milliseconds. @param startedAt monotonic */
  limitMs(nodeId: string, model: string, startedAt: number): number;
  onLoaded(nodeId: string, model: string, durationMs: number): void;
}

interface Node {
  own: Set<StuckLoad>;
  requests: Map<string, StuckLoad & { since: number }>;
  stuck: (StuckLoad & { release: Timer }) | null;
  timer: Timer | null;
}

export function createLoadWatch(deps: LoadWatchDependencies): LoadWatch {
  const { clock, isLoaded, limitMs } = deps;
  const nodes = new Map<string, Node>();
  const changes = createEmitter<[nodeId: string, stuck: StuckLoad | null]>({ name: 'loads', log: deps.log });

  function nodeOf(nodeId: string): Node {
    const known = nodes.get(nodeId);
    if (known) return known;
    const node: Node = { own: new Set(), requests: new Map(), stuck: null, timer: null };
    nodes.set(nodeId, node);
    return node;
  }

  /** A request for a loaded model waits for its answer, which takes as long as it takes. */
  function pending(nodeId: string, { own, requests }: Node): StuckLoad[] {
    return [...own, ...[...requests.values()].filter(({ model }) => !isLoaded(nodeId, model))];
  }

  function check(nodeId: string): void {
    const node = nodes.get(nodeId);
    if (node === undefined) return;
    node.timer?.cancel();
    node.timer = null;
    if (node.stuck !== null) return;
    const now = clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const load of pending(nodeId, node)) {
      const leftMs = load.startedAt + limitMs(nodeId, load.model, load.startedAt) - now;
      if (leftMs <= 0) {
        const release = clock.timer(RETRY_AFTER_STALL_MS, () => clear(nodeId));
        node.stuck = { ...load, release };
        changes.emit(nodeId, node.stuck);
        return;
      }
      next = Math.min(next, leftMs);
    }
    if (Number.isFinite(next)) node.timer = clock.timer(next, () => check(nodeId));
  }

  function clear(nodeId: string): void {
    const node = nodes.get(nodeId);
    if (node === undefined) return;
    const { stuck } = node;
    stuck?.release.cancel();
    node.stuck = null;
    // What waited with it starts anew: a server that works again answers it now.
    const now = clock.monotonic();
    for (const load of stuck === null ? [] : [...node.own, ...node.requests.values()]) load.startedAt = now;
    if (stuck !== null) changes.emit(nodeId, null);
    check(nodeId);
  }

  function forget(nodeId: string): void {
    const node = nodes.get(nodeId);
    node?.timer?.cancel();
    node?.stuck?.release.cancel();
    nodes.delete(nodeId);
  }

  return {
    async run(nodeId, model, load) {
      const startedAt = clock.monotonic();
      const running: StuckLoad = { model, startedAt, isRequest: false };
      const { own } = nodeOf(nodeId);
      own.add(running);
      check(nodeId);
      try {
        await load();
        deps.onLoaded(nodeId, model, clock.monotonic() - startedAt);
        own.delete(running);
        clear(nodeId);
      } finally {
        own.delete(running);
        check(nodeId);
      }
    },
    silent(nodeId, since) {
      const node = nodeOf(nodeId);
      const before = new Map(node.requests);
      node.requests.clear();
      for (const [name, at] of Object.entries(since)) {
        const model = canonicalName(name);
        const known = before.get(model);
        // Two processes share the time of day only. It is read once, and a change of it must not make a request old.
        const ageMs = Math.min(REPORTED_WITHIN_MS, Math.max(0, clock.now() - at));
        const startedAt = clock.monotonic() - ageMs;
        node.requests.set(
          model,
          known?.since === at ? known : { model, startedAt, isRequest: true, since: at },
        );
      }
      check(nodeId);
    },
    changed: check,
    blocked(nodeId) {
      const stuck = nodes.get(nodeId)?.stuck ?? null;
      if (stuck === null) return null;
      return fact('LOAD_STUCK', { model: stuck.model, ms: clock.monotonic() - stuck.startedAt });
    },
    stuck: (nodeId) => nodes.get(nodeId)?.stuck ?? null,
    clear,
    forget,
    stop() {
      for (const nodeId of [...nodes.keys()]) forget(nodeId);
    },
    onChange: changes.on,
  };
}
