/**
 * Whose turn it is at a node that takes only so many requests at once. Pure; the gateway's process imports it.
 *
 * A higher priority comes first, and whoever has waited for half of the limit counts as the highest. Between equals the
 * node continues with the model that it served last, because every other one costs a load; but once others have waited
 * for half of the limit, it continues for a share of time only. Then comes a model that needs no other to be unloaded,
 * then the one that has waited longest.
 */

export const priorities = ['interactive', 'batch', 'index'] as const;
export type Priority = (typeof priorities)[number];

export interface Waiting {
  id: number;
  /** Canonical. */
  model: string;
  priority: Priority;
  /** Monotonic milliseconds. */
  since: number;
}

/** Waiting requests, in the order in which they came. */
export interface AdmissionQueue<Entry extends Waiting> {
  add(entry: Entry): void;
  /** Whether it was there. */
  remove(entry: Entry): boolean;
  size(model: string): number;
  readonly total: number;
  models(): string[];
  /** The first of each priority. */
  heads(model: string): Entry[];
  /** How many of a model wait with this priority or a higher one. */
  upTo(model: string, priority: Priority): number;
  /** Those of its model that come before it, and itself. O(n). */
  place(entry: Entry): number;
  entries(): Entry[];
}

export function createAdmissionQueue<Entry extends Waiting>(): AdmissionQueue<Entry> {
  const models = new Map<string, Map<Priority, Set<Entry>>>();
  let total = 0;
  const sizeOf = (lists: ReadonlyMap<Priority, ReadonlySet<Entry>> | undefined) =>
    [...(lists?.values() ?? [])].reduce((sum, list) => sum + list.size, 0);

  return {
    add(entry) {
      const lists = models.get(entry.model) ?? new Map<Priority, Set<Entry>>();
      const list = lists.get(entry.priority) ?? new Set<Entry>();
      total += list.has(entry) ? 0 : 1;
      models.set(entry.model, lists.set(entry.priority, list.add(entry)));
    },
    remove(entry) {
      const lists = models.get(entry.model);
      if (lists?.get(entry.priority)?.delete(entry) !== true) return false;
      total -= 1;
      if (sizeOf(lists) === 0) models.delete(entry.model);
      return true;
    },
    size: (model) => sizeOf(models.get(model)),
    get total() {
      return total;
    },
    upTo(model, priority) {
      const lists = models.get(model);
      const before = priorities.slice(0, priorities.indexOf(priority) + 1);
      return before.reduce((sum, one) => sum + (lists?.get(one)?.size ?? 0), 0);
    },
    models: () => [...models.keys()],
    heads(model) {
      const lists = models.get(model);
      return priorities.flatMap((priority) => {
        for (const entry of lists?.get(priority) ?? []) return [entry];
        return [];
      });
    },
    place(entry) {
      const lists = models.get(entry.model);
      let before = 0;
      for (const priority of priorities) {
        const list = lists?.get(priority);
        if (priority !== entry.priority) {
          before += list?.size ?? 0;
          continue;
        }
        for (const other of list ?? []) {
          if (other === entry) return before + 1;
          before += 1;
        }
        return before + 1;
      }
      return before + 1;
    },
    entries: () => [...models.values()].flatMap((lists) => [...lists.values()].flatMap((list) => [...list])),
  };
}

export interface AdmittingNode {
  /** Requests that it can take now. */
  free: number;
  /** The model that it was sent last, and since when it has been sent no other; null for none. */
  current: { model: string; since: number } | null;
  /** Whether it can serve the model at all. */
  serves(model: string): boolean;
  /** Whether it can serve it without unloading another. */
  fits(model: string): boolean;
  /** Models that it is answering requests for. */
  running: readonly string[];
}

/** @param now monotonic milliseconds; null if no request can begin there now */
export function pickNext<Entry extends Waiting>(
  queue: Pick<AdmissionQueue<Entry>, 'models' | 'heads'>,
  node: AdmittingNode,
  { now, maxWaitMs }: { now: number; maxWaitMs: number },
): Entry | null {
  if (node.free <= 0) return null;
  const isUrgent = (entry: Entry) => now - entry.since >= maxWaitMs / 2;
  const rankOf = (entry: Entry) => (isUrgent(entry) ? 0 : priorities.indexOf(entry.priority));
  const heads = queue
    .models()
    .filter(node.serves)
    .flatMap((model) => first(queue.heads(model), rankOf) ?? []);
  if (heads.length === 0) return null;
  const rank = Math.min(...heads.map(rankOf));
  const candidates = heads.filter((entry) => rankOf(entry) === rank);
  const { current, fits } = node;
  const next = chooseModel(candidates, {
    current: current?.model ?? null,
    fits,
    // The other half of the limit is shared by all, so that no request waits longer than it.
    hasHadShare: current !== null && now - current.since >= maxWaitMs / (2 * heads.length),
    isUrgent,
  });
  if (next === null || next.model === current?.model || fits(next.model)) return next;
  // The server would wait for them to end before it unloads their model, and everything else behind it.
  return node.running.some((model) => model !== next.model) ? null : next;
}

function chooseModel<Entry extends Waiting>(
  candidates: readonly Entry[],
  at: {
    current: string | null;
    fits(model: string): boolean;
    hasHadShare: boolean;
    isUrgent(entry: Entry): boolean;
  },
): Entry | null {
  const same = candidates.find(({ model }) => model === at.current);
  const others = candidates.filter((entry) => entry !== same);
  if (same !== undefined && !(at.hasHadShare && others.some(at.isUrgent))) return same;
  if (same !== undefined) return oldest(others.filter(at.isUrgent));
  const fitting = others.filter(({ model }) => at.fits(model));
  return oldest(fitting.length > 0 ? fitting : others);
}

function first<Entry extends Waiting>(
  entries: readonly Entry[],
  rankOf: (entry: Entry) => number,
): Entry | null {
  let best: Entry | null = null;
  for (const entry of entries) {
    const order = best === null ? -1 : rankOf(entry) - rankOf(best) || entry.since - best.since;
    if (order < 0) best = entry;
  }
  return best;
}

const oldest = <Entry extends Waiting>(entries: readonly Entry[]): Entry | null => first(entries, () => 0);

/** Milliseconds; null if no service time is known yet. @param ahead requests that begin before it */
export function expectedWaitMs({
  ahead,
  slots,
  serviceMs,
}: {
  ahead: number;
  slots: number;
  serviceMs: number | null;
}): number | null {
  if (serviceMs === null) return null;
  return Math.ceil((ahead + 1) / Math.max(1, slots)) * serviceMs;
}

/** Recent durations count more, so that it follows a change within some ten requests. */
const NEWEST_SHARE = 0.2;

export const serviceTime = (known: number | null, durationMs: number): number =>
  known === null ? durationMs : known + NEWEST_SHARE * (durationMs - known);
