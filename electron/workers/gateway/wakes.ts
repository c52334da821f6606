/**
 * Requests that wait for a machine to wake. Those of one program for one model are one question to the core; they go on
 * when it is answered, or when a table shows that a machine serves.
 */
import { type ErrorCode, errorCodes } from '../../../shared/contract/errors.ts';
import type { GatewayTable } from '../../core/gateway/model.ts';
import type { AskAnswer, GatewayAsk, GatewayEvent } from '../../core/gateway/protocol.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import { inSlices } from './in-slices.ts';
import { Refusal } from './refusal.ts';

export interface WakeWant {
  /** As the program named it. */
  model: string;
  /** Canonical. */
  key: string;
  nodeIds: readonly string[];
  credentialId: string | null;
  program: string | null;
  /** The table says that it serves, but it did not accept a connection just now. */
  unreachable: boolean;
}

export interface WakeWaiter {
  /** It is worth trying again. */
  released(): void;
  failed(refusal: Refusal): void;
}

export interface Wakes {
  /** Waits until disposed. */
  join(want: WakeWant, waiter: WakeWaiter): Disposable;
  /** Wakes a machine for the requests that follow; none waits for it. */
  inBackground(want: WakeWant): void;
  /** Requests that wait for a model. @param key canonical */
  waiting(key: string): number;
  /** Resolves when whoever waited has gone on. */
  answer(askId: number, answer: AskAnswer): Promise<void>;
  /** `standing`: what the node can do for the request now; `gone`: it does not have the model any more. */
  tableChanged(
    standing: (table: GatewayTable, nodeId: string, want: WakeWant) => 'serves' | 'asleep' | 'gone',
  ): void;
  setConnected(connected: boolean): void;
  readonly connected: boolean;
  stop(): void;
}

interface Group {
  ask: GatewayAsk;
  want: WakeWant;
  waiters: Set<WakeWaiter>;
  background: boolean;
  /** A table has shown these machines asleep: one that shows them awake is news. */
  wasAsleep: boolean;
}

/** How long requests wait for a new core when the one that they asked has gone, milliseconds. */
const CORE_GONE_MS = 10_000;
/** A failed wake that no request waited for is not asked for again within this time, milliseconds. */
const BACKGROUND_REST_MS = 60_000;
const RETRY_AFTER_S = 30;

export function createWakes(options: {
  clock: Pick<Clock, 'monotonic' | 'timer'>;
  table(): GatewayTable | null;
  report(event: GatewayEvent): void;
}): Wakes {
  const { clock, report } = options;
  const groups = new Map<string, Group>();
  const counts = new Map<string, number>();
  const restUntil = new Map<string, number>();
  let lastId = 0;
  let connected = true;
  let gone: Timer | null = null;

  const keyOf = ({ key, nodeIds, credentialId, program, unreachable }: WakeWant) =>
    JSON.stringify([key, nodeIds.toSorted(), credentialId, program, unreachable]);

  function groupOf(want: WakeWant): Group {
    const key = keyOf(want);
    const known = groups.get(key);
    if (known !== undefined) return known;
    lastId += 1;
    const { model, nodeIds, credentialId, program, unreachable } = want;
    const asked = { model, nodeIds, credentialId, program, unreachable };
    const ask: GatewayAsk = { id: lastId, kind: 'wake', ...asked };
    const group: Group = {
      ask,
      want,
      waiters: new Set(),
      background: false,
      wasAsleep: !unreachable,
    };
    groups.set(key, group);
    if (connected) report({ kind: 'ask', ask });
    return group;
  }

  function count(key: string, by: 1 | -1): void {
    const next = (counts.get(key) ?? 0) + by;
    if (next > 0) counts.set(key, next);
    else counts.delete(key);
  }

  function leave(group: Group, waiter: WakeWaiter): void {
    if (!group.waiters.delete(waiter)) return;
    count(group.want.key, -1);
    if (group.waiters.size > 0 || group.background || groups.get(keyOf(group.want)) !== group) return;
    groups.delete(keyOf(group.want));
    if (connected) report({ kind: 'withdrawn', askIds: [group.ask.id] });
  }

  /** Nobody new joins it; whoever has left meanwhile is not called. */
  async function dissolve(group: Group, act: (waiter: WakeWaiter) => void): Promise<void> {
    groups.delete(keyOf(group.want));
    await inSlices([...group.waiters], (waiter) => {
      if (!group.waiters.delete(waiter)) return;
      count(group.want.key, -1);
      act(waiter);
    });
  }

  const fail = (group: Group, refusal: () => Refusal) =>
    dissolve(group, (waiter) => waiter.failed(refusal()));

  return {
    join(want, waiter) {
      const group = groupOf(want);
      group.waiters.add(waiter);
      count(want.key, 1);
      return { [Symbol.dispose]: () => leave(group, waiter) };
    },
    inBackground(want) {
      if (!connected || (restUntil.get(keyOf(want)) ?? 0) > clock.monotonic()) return;
      groupOf(want).background = true;
    },
    waiting: (key) => counts.get(key) ?? 0,
    async answer(askId, answer) {
      const group = [...groups.values()].find(({ ask }) => ask.id === askId);
      if (group === undefined) return;
      if (answer.outcome === 'ready') return dissolve(group, (waiter) => waiter.released());
      if (group.background) restUntil.set(keyOf(group.want), clock.monotonic() + BACKGROUND_REST_MS);
      await fail(group, () => refusalOf(answer));
    },
    tableChanged(standing) {
      const table = options.table();
      if (table === null) return;
      for (const group of [...groups.values()]) {
        const { ask, want } = group;
        const standings = want.nodeIds.map((id) => standing(table, id, want));
        if (!standings.includes('serves')) group.wasAsleep = true;
        const isThere = standings.includes('serves') && group.wasAsleep;
        if (!isThere && standings.some((one) => one !== 'gone')) continue;
        // The core's lease for it ends only after the requests have been counted.
        void dissolve(group, (waiter) => waiter.released()).then(() => {
          if (connected) report({ kind: 'withdrawn', askIds: [ask.id] });
        });
      }
    },
    setConnected(is) {
      connected = is;
      gone?.cancel();
      gone = null;
      if (is) for (const { ask } of groups.values()) report({ kind: 'ask', ask });
      else if (groups.size > 0) {
        gone = clock.timer(CORE_GONE_MS, () => {
          for (const group of [...groups.values()]) void fail(group, noCore);
        });
      }
    },
    get connected() {
      return connected;
    },
    stop() {
      gone?.cancel();
      groups.clear();
    },
  };
}

export const noCore = () => new Refusal('GATEWAY_ALONE');

/** Later it may be different: the status says so, whatever the same error means elsewhere. */
function refusalOf({ code, message }: Extract<AskAnswer, { outcome: 'failed' }>): Refusal {
  const known: ErrorCode = errorCodes.find((one) => one === code) ?? 'NODE_ASLEEP';
  const status = known === 'MODEL_NOT_FOUND' ? 404 : 503;
  return new Refusal(known, { ...(message && { message }), status, retryAfter: RETRY_AFTER_S });
}
