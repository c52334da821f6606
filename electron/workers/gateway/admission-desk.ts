/** The queue of the requests for nodes that take only so many at once, and what is learned of their limits. */
import {
  type AdmissionQueue,
  createAdmissionQueue,
  expectedWaitMs,
  pickNext,
  priorities,
  serviceTime,
  type Waiting,
} from '../../core/acquire/admission.ts';
import { type Answered, createSlotLearner } from '../../core/acquire/slot-learning.ts';
import type { GatewayTable, TableNode } from '../../core/gateway/model.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import { inSlices } from './in-slices.ts';
import type { Traffic } from './traffic.ts';

export interface Queued extends Waiting {
  /** Whether the node has the model and is awake. */
  serves(nodeId: string): boolean;
  /** Whether it may begin there now, apart from the number of requests. */
  isReady(nodeId: string): boolean;
  /** Whether the node can serve it without unloading another model. */
  fits(nodeId: string): boolean;
  /** It is its turn there, and it is counted before this returns; null: no node is left that could serve it. */
  begin(nodeId: string | null): void;
  /** Its model is being moved wherever it could be served, so it waits for the end of that. */
  isMoving(): boolean;
  /** It has waited as long as it may. */
  expire(): void;
}

export interface Place {
  /** 1 for the next one of its model. */
  position: number;
  /** Milliseconds; null if unknown. */
  expectedMs: number | null;
}

/**
 * Requests that have waited together are not sent all at once: a server that has just woken would refuse what its own
 * queue cannot take.
 */
export const SENT_AT_ONCE = 32;

/** A large model takes minutes to load. The longest that a request waits for a move, milliseconds. */
const LONGEST_MOVE_MS = 10 * 60_000;
/** A server that was sent nothing for so long may have been started again with other settings, milliseconds. */
const IDLE_MS = 10 * 60_000;
/** How often is checked whether a move of an overdue request's model goes on, milliseconds. */
const MOVE_CHECK_MS = 1000;

export interface AdmissionDesk {
  /** Those of a person, else those learned; null for no limit. */
  slotsOf(node: Pick<TableNode, 'id' | 'slots'>): number | null;
  learned(nodeId: string): number | null;
  enter(entry: Queued): Disposable;
  /** @param model canonical */
  waiting(model: string): number;
  readonly total: number;
  /** What a request that came now would get. */
  placeOf(
    entry: Pick<Queued, 'model' | 'priority'>,
    nodes: readonly Pick<TableNode, 'id' | 'slots'>[],
  ): Place;
  /** The places of all that wait, in one pass. */
  places(): ReadonlyMap<Queued, Place>;
  /** A request was sent there. @param model canonical */
  began(nodeId: string, model: string): void;
  /** Whether the node has answered for the model since it was last sent another one. */
  hasServed(nodeId: string, model: string): boolean;
  /** Its server was started again, as far as can be seen: what was learned of it does not apply any more. */
  restarted(nodeId: string): void;
  /** @param model canonical; null if the answer says nothing about its work */
  answered(nodeId: string, model: string, answered: Answered): void;
  /** A slot may be free. */
  pump(nodeId: string): void;
  tableChanged(): void;
  stop(): void;
}

const byTurn = (one: Queued, other: Queued): number =>
  priorities.indexOf(one.priority) - priorities.indexOf(other.priority) || one.since - other.since;

/** Its durations are those of the model, whichever nodes its queue is for. */
const serviceKey = (queueKey: string): string => queueKey.split(' ', 1)[0] ?? queueKey;

export function createAdmissionDesk(options: {
  clock: Pick<Clock, 'monotonic' | 'timer'>;
  table(): GatewayTable | null;
  traffic: Pick<Traffic, 'onNode' | 'models' | 'touch'>;
}): AdmissionDesk {
  const { clock, traffic } = options;
  const queue: AdmissionQueue<Queued> = createAdmissionQueue();
  /** In the order in which they came. */
  const all = new Set<Queued>();
  /** When a request that has waited too long was last seen to wait for a move. Monotonic. */
  const movedAt = new Map<Queued, number>();
  const learner = createSlotLearner();
  const current = new Map<string, { model: string; since: number; served: boolean }>();
  const serviceMs = new Map<string, number>();
  const servingBefore = new Map<string, boolean>();
  const versions = new Map<string, string | null>();
  /** When a node was last sent something, or answered. Monotonic. */
  const usedAt = new Map<string, number>();
  let timer: Timer | null = null;
  let pumping = false;

  const maxWaitMs = () => options.table()?.holding?.maxWaitMs ?? 0;
  const slotsOf = ({ id, slots }: Pick<TableNode, 'id' | 'slots'>) => slots ?? learner.of(id)?.slots ?? null;

  function remove(entry: Queued): boolean {
    if (!queue.remove(entry)) return false;
    all.delete(entry);
    movedAt.delete(entry);
    return true;
  }

  function arm(): void {
    if (timer !== null) return;
    const now = clock.monotonic();
    for (const { since } of all) {
      const endsAt = since + maxWaitMs();
      // Those that are overdue wait for a move.
      timer = clock.timer(endsAt > now ? endsAt - now : MOVE_CHECK_MS, expire);
      return;
    }
  }

  function expire(): void {
    timer = null;
    const now = clock.monotonic();
    const before = now - maxWaitMs();
    for (const entry of all) {
      if (entry.since > before) break;
      // After a move it may wait for its turn once more.
      if (now - entry.since < LONGEST_MOVE_MS && entry.isMoving()) movedAt.set(entry, now);
      else if ((movedAt.get(entry) ?? Number.NEGATIVE_INFINITY) <= before && remove(entry)) entry.expire();
    }
    arm();
  }

  function pumpNode(node: TableNode): void {
    if (!node.serving) return;
    for (;;) {
      const slots = slotsOf(node);
      const heads = (model: string) =>
        queue.heads(model).filter((entry) => entry.serves(node.id) && entry.isReady(node.id));
      const next = pickNext(
        { models: queue.models, heads },
        {
          free: (slots ?? SENT_AT_ONCE) - traffic.onNode(node.id),
          current: current.get(node.id) ?? null,
          serves: (model) => heads(model).length > 0,
          fits: (model) => heads(model)[0]?.fits(node.id) ?? false,
          running: traffic.models(node.id),
        },
        { now: clock.monotonic(), maxWaitMs: maxWaitMs() },
      );
      if (next === null || !remove(next)) return;
      next.begin(node.id);
    }
  }

  function pump(nodes: readonly TableNode[]): void {
    // A request that fails at once frees its slot in the middle of this.
    if (pumping || queue.total === 0) return;
    pumping = true;
    try {
      for (const node of nodes) pumpNode(node);
    } finally {
      pumping = false;
    }
  }

  /** It may have other settings now. */
  function forget(nodeId: string): void {
    const limit = learner.of(nodeId);
    learner.forget(nodeId);
    current.delete(nodeId);
    if (limit !== null) traffic.touch(nodeId);
  }

  return {
    slotsOf,
    restarted: forget,
    learned: (nodeId) => learner.of(nodeId)?.slots ?? null,
    enter(entry) {
      queue.add(entry);
      all.add(entry);
      arm();
      pump(options.table()?.nodes ?? []);
      return { [Symbol.dispose]: () => void remove(entry) };
    },
    waiting: queue.size,
    get total() {
      return queue.total;
    },
    placeOf({ model, priority }, nodes) {
      const entry = { id: 0, model, priority, since: clock.monotonic() } as Queued;
      const slots = nodes.reduce((sum, node) => sum + (slotsOf(node) ?? 1), 0);
      // Of the others, only what one of these nodes serves comes before it.
      const isServed = (entry: Queued) => nodes.some(({ id }) => entry.serves(id));
      const before = queue.models().filter((other) => other === model || queue.heads(other).some(isServed));
      const ahead = before.reduce((sum, other) => sum + queue.upTo(other, priority), 0);
      return {
        position: queue.place(entry),
        expectedMs: expectedWaitMs({ ahead, slots, serviceMs: serviceMs.get(serviceKey(model)) ?? null }),
      };
    },
    places() {
      const found = new Map<Queued, Place>();
      const nodes = options.table()?.nodes ?? [];
      const positions = new Map<string, number>();
      const ahead = new Map<string, number>();
      for (const entry of [...all].sort(byTurn)) {
        const position = (positions.get(entry.model) ?? 0) + 1;
        positions.set(entry.model, position);
        const serving = nodes.filter(({ id }) => entry.serves(id));
        const slots = serving.reduce((sum, node) => sum + (slotsOf(node) ?? 1), 0);
        // Those that the same nodes serve come one after the other, whatever their model is.
        const group = serving.map(({ id }) => id).join(' ');
        const before = ahead.get(group) ?? 0;
        ahead.set(group, before + 1);
        const known = serviceMs.get(serviceKey(entry.model)) ?? null;
        found.set(entry, {
          position,
          expectedMs: expectedWaitMs({ ahead: before, slots, serviceMs: known }),
        });
      }
      return found;
    },
    began(nodeId, model) {
      const now = clock.monotonic();
      if (now - (usedAt.get(nodeId) ?? now) >= IDLE_MS && traffic.onNode(nodeId) <= 1) forget(nodeId);
      usedAt.set(nodeId, now);
      const before = current.get(nodeId);
      if (before?.model !== model) current.set(nodeId, { model, since: clock.monotonic(), served: false });
    },
    hasServed(nodeId, model) {
      const now = current.get(nodeId);
      return now?.model === model && now.served;
    },
    answered(nodeId, model, answered) {
      usedAt.set(nodeId, clock.monotonic());
      const limit = learner.of(nodeId)?.slots;
      learner.observe(nodeId, answered);
      if (learner.of(nodeId)?.slots !== limit) traffic.touch(nodeId);
      if (answered.busy) return;
      serviceMs.set(model, serviceTime(serviceMs.get(model) ?? null, answered.durationMs));
      const now = current.get(nodeId);
      if (now?.model === model) now.served = true;
    },
    pump(nodeId) {
      if (queue.total === 0) return;
      const node = options.table()?.nodes.find(({ id }) => id === nodeId);
      if (node !== undefined) pump([node]);
    },
    tableChanged() {
      const nodes = options.table()?.nodes ?? [];
      for (const { id, serving, serverVersion = null } of nodes) {
        const wasUpdated = serverVersion !== null && (versions.get(id) ?? serverVersion) !== serverVersion;
        if (wasUpdated || (!serving && servingBefore.get(id) === true)) forget(id);
        if (serverVersion !== null) versions.set(id, serverVersion);
        servingBefore.set(id, serving);
      }
      pump(nodes);
      const isServed = (entry: Queued) => nodes.some(({ id, serving }) => serving && entry.serves(id));
      const lost = new Set(queue.models().filter((model) => !queue.heads(model).some(isServed)));
      if (lost.size === 0) return;
      void inSlices(
        queue.entries().filter(({ model }) => lost.has(model)),
        (entry) => {
          if (remove(entry)) entry.begin(null);
        },
      );
    },
    stop() {
      timer?.cancel();
      all.clear();
    },
  };
}
