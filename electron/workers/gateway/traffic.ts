/** Requests in flight, by node and model, and the reports of them to the core. */
import type { HealthTracker } from '../../core/acquire/node-health.ts';
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { NodeTraffic } from '../../core/gateway/model.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';

/** A request in flight. */
export interface SentRequest extends Disposable {
  /** The first byte of its answer has come. */
  answered(): void;
}

export interface Traffic {
  /** A request has been sent to a node; dispose when the connection to it has ended it. */
  begin(nodeId: string, model: string | null): SentRequest;
  onNode(nodeId: string): number;
  /** @param model canonical */
  ofModel(nodeId: string, model: string): number;
  /** Canonical names of the models that requests are in flight for. */
  models(nodeId: string): string[];
  /** A breaker may have changed. */
  touch(nodeId: string): void;
  /** Every node that has traffic, or whose breaker is not closed. */
  all(): NodeTraffic[];
  /** Reports at once what has changed. */
  flush(): void;
  /** Requests in flight, in total. */
  readonly count: number;
  stop(): void;
}

/** Changes within this time are reported together, milliseconds. */
const REPORT_MS = 250;
/** A request without a first byte is reported from this age, milliseconds. */
const SILENT_MS = 5000;

/** Without a first byte. */
interface Unanswered {
  readonly model: string;
  /** Milliseconds since the epoch, for the core. */
  readonly sentAt: number;
  /** Monotonic. */
  readonly since: number;
}

export function createTraffic(options: {
  clock: Pick<Clock, 'now' | 'monotonic' | 'timer'>;
  health: Pick<HealthTracker, 'breaker' | 'nextRetryMs'>;
  report(nodes: readonly NodeTraffic[]): void;
  /** The limit that was learned; null for none. */
  learnedSlots?(nodeId: string): number | null;
  /** A request has ended there. */
  onEnd?(nodeId: string): void;
}): Traffic {
  const { clock, health, report } = options;
  const nodes = new Map<string, Map<string, number>>();
  const totals = new Map<string, number>();
  const changed = new Set<string>();
  const reported = new Map<string, string>();
  /** Requests without a first byte by node, the oldest first. */
  const unanswered = new Map<string, Set<Unanswered>>();
  let count = 0;
  let silence: Timer | null = null;
  let soon: Timer | null = null;
  let later: Timer | null = null;

  function view(nodeId: string): NodeTraffic {
    const learnedSlots = options.learnedSlots?.(nodeId) ?? null;
    return {
      nodeId,
      breaker: health.breaker(nodeId),
      inFlight: Object.fromEntries(nodes.get(nodeId) ?? []),
      ...(learnedSlots !== null && { learnedSlots }),
      ...silentOn(nodeId),
    };
  }

  function silentOn(nodeId: string): Pick<NodeTraffic, 'silent'> {
    const silent: Record<string, number> = {};
    for (const { model, sentAt, since } of unanswered.get(nodeId)?.values() ?? []) {
      if (clock.monotonic() - since < SILENT_MS) break;
      silent[model] ??= sentAt;
    }
    return Object.keys(silent).length > 0 ? { silent } : {};
  }

  /** Looks for requests that have become silent, while there are any without a first byte. */
  function watchSilence(): void {
    silence ??= clock.timer(SILENT_MS, () => {
      silence = null;
      for (const [nodeId, waiting] of unanswered) {
        if (waiting.size > 0) touch(nodeId);
        else unanswered.delete(nodeId);
      }
      if (unanswered.size > 0) watchSilence();
    });
  }

  function isQuiet({ breaker, inFlight, learnedSlots }: NodeTraffic): boolean {
    return breaker === 'closed' && Object.keys(inFlight).length === 0 && learnedSlots === undefined;
  }

  function cancel(): void {
    soon?.cancel();
    later?.cancel();
    soon = null;
    later = null;
  }

  function flush(): void {
    cancel();
    const news: NodeTraffic[] = [];
    for (const nodeId of changed) {
      const traffic = view(nodeId);
      const text = JSON.stringify(traffic);
      if ((reported.get(nodeId) ?? '') === (isQuiet(traffic) ? '' : text)) continue;
      if (isQuiet(traffic)) reported.delete(nodeId);
      else reported.set(nodeId, text);
      news.push(traffic);
    }
    changed.clear();
    if (news.length > 0) report(news);
    const waiting = [...reported.keys()].filter((nodeId) => health.breaker(nodeId) === 'open');
    const retryMs = waiting.length > 0 ? health.nextRetryMs() : null;
    // A breaker that has waited long enough is half-open without any request.
    if (retryMs !== null) {
      later = clock.timer(retryMs, () => {
        for (const nodeId of waiting) changed.add(nodeId);
        flush();
      });
    }
  }

  /** The first request of an idle node is reported at once: its machine must not be put to sleep now. */
  function touch(nodeId: string, atOnce = false): void {
    changed.add(nodeId);
    if (atOnce) flush();
    else soon ??= clock.timer(REPORT_MS, flush);
  }

  function change(nodeId: string, model: string, by: 1 | -1): void {
    const models = nodes.get(nodeId) ?? new Map<string, number>();
    const left = (models.get(model) ?? 0) + by;
    if (left > 0) models.set(model, left);
    else models.delete(model);
    if (models.size > 0) nodes.set(nodeId, models);
    else nodes.delete(nodeId);
    totals.set(nodeId, (totals.get(nodeId) ?? 0) + by);
    count += by;
  }

  /** A class, because an object with such a method costs far more, and each request makes one. */
  class Sent implements SentRequest, Unanswered {
    readonly nodeId: string;
    readonly model: string;
    readonly sentAt = clock.now();
    readonly since = clock.monotonic();
    #ended = false;

    constructor(nodeId: string, model: string) {
      this.nodeId = nodeId;
      this.model = model;
    }

    answered(): void {
      const waiting = unanswered.get(this.nodeId);
      if (waiting?.delete(this) !== true) return;
      touch(this.nodeId);
    }

    [Symbol.dispose](): void {
      if (this.#ended) return;
      this.#ended = true;
      this.answered();
      change(this.nodeId, this.model, -1);
      touch(this.nodeId);
      options.onEnd?.(this.nodeId);
    }
  }

  return {
    begin(nodeId, model) {
      const key = model === null ? '' : canonicalName(model);
      change(nodeId, key, 1);
      touch(nodeId, !reported.has(nodeId));
      const sent = new Sent(nodeId, key);
      if (model !== null) {
        const waiting = unanswered.get(nodeId) ?? new Set<Unanswered>();
        unanswered.set(nodeId, waiting.add(sent));
        watchSilence();
      }
      return sent;
    },
    onNode: (nodeId) => totals.get(nodeId) ?? 0,
    ofModel: (nodeId, model) => nodes.get(nodeId)?.get(model) ?? 0,
    models: (nodeId) => [...(nodes.get(nodeId)?.keys() ?? [])],
    touch: (nodeId) => touch(nodeId),
    all: () =>
      [...new Set([...nodes.keys(), ...reported.keys()])].map(view).filter((traffic) => !isQuiet(traffic)),
    flush,
    get count() {
      return count;
    },
    stop() {
      cancel();
      silence?.cancel();
    },
  };
}
