/** What the gateway has done since the core started. Pure accumulation; it keeps no single request. */
import type { GatewayCounts, GatewayStats } from '../../../shared/models/gateway.ts';
import { fact } from '../../../shared/models/message.ts';
import { canonicalName } from '../fleet/model-placement.ts';
import { addDuration, addHistogram, cumulated, type Histogram, newHistogram, quantile } from './histogram.ts';
import type { Dialect, DoorReason, FinishedRequest, NodeTraffic } from './model.ts';
import { trafficOf } from './traffic.ts';

type Numbers = Omit<GatewayCounts, 'firstByteMs'>;

/** Durations to the first byte, in buckets of a histogram. */
export interface FirstBytes {
  nodeId: string;
  count: number;
  sumMs: number;
  /** How many took at most so many milliseconds. Rising. */
  upTo: readonly (readonly [ms: number, count: number])[];
}

interface Row {
  nodeId: string | null;
  /** Canonical; null if the request named none, or no node was asked. */
  model: string | null;
  dialect: Dialect;
  numbers: Numbers;
  firstByte: Histogram;
  firstByteSumMs: number;
}

export interface Statistics {
  add(requests: readonly FinishedRequest[], dropped: number): void;
  turnedAway(counts: readonly (readonly [reason: DoorReason, count: number])[]): void;
  /** How long answers took to their first byte, by node. */
  firstBytes(): FirstBytes[];
  read(now: {
    traffic: readonly NodeTraffic[];
    nameOf(nodeId: string): string | null;
    /** Requests at once that a person set; null for none. */
    slotsOf(nodeId: string): number | null;
  }): GatewayStats;
}

/** Names of models come from clients, so their number is limited; further ones are counted together. */
const MOST_ROWS = 2000;
const OTHER_MODELS = '(others)';

export function createStatistics({ since }: { since: number }): Statistics {
  const rows = new Map<string, Row>();
  let dropped = 0;
  const refusals = new Map<string, number>();

  function rowOf({ nodeId, model, dialect }: FinishedRequest): Row {
    const asked = nodeId === null || model === null ? null : canonicalName(model);
    const keyOf = (name: string | null) => JSON.stringify([nodeId, name, dialect]);
    const found = rows.get(keyOf(asked));
    if (found) return found;
    const name = asked !== null && rows.size >= MOST_ROWS ? OTHER_MODELS : asked;
    const row = rows.get(keyOf(name)) ?? {
      nodeId,
      model: name,
      dialect,
      numbers: newNumbers(),
      firstByte: newHistogram(),
      firstByteSumMs: 0,
    };
    rows.set(keyOf(name), row);
    return row;
  }

  function refuse(code: string, count: number): void {
    refusals.set(code, (refusals.get(code) ?? 0) + count);
  }

  return {
    turnedAway(counts) {
      for (const [reason, count] of counts) refuse(reason, count);
    },
    firstBytes: () =>
      groups([...rows.values()], ({ nodeId }) => nodeId).flatMap(([nodeId, some]) => {
        if (nodeId === null) return [];
        const all = newHistogram();
        for (const { firstByte } of some) addHistogram(all, firstByte);
        const sumMs = some.reduce((sum, { firstByteSumMs }) => sum + firstByteSumMs, 0);
        return [{ nodeId, sumMs, ...cumulated(all) }];
      }),
    add(requests, lost) {
      dropped += lost;
      for (const request of requests) {
        const row = rowOf(request);
        const { numbers, firstByte } = row;
        numbers.requests += 1;
        numbers[request.outcome] += 1;
        numbers.retried += request.retries;
        if (request.fallback !== null) numbers.fallbacks += 1;
        numbers.inputTokens += request.inputTokens ?? 0;
        numbers.outputTokens += request.outputTokens ?? 0;
        if (request.outcome === 'refused' && request.code !== null) refuse(request.code, 1);
        if (request.firstByteMs === null || request.nodeId === null) continue;
        addDuration(firstByte, request.firstByteMs);
        row.firstByteSumMs += request.firstByteMs;
      }
    },
    read({ traffic, nameOf, slotsOf }) {
      const all = [...rows.values()];
      const nodeIds = new Set([
        ...all.flatMap(({ nodeId }) => nodeId ?? []),
        ...traffic.map(({ nodeId }) => nodeId),
      ]);
      return {
        since,
        dropped,
        inFlight: traffic.reduce((sum, one) => sum + trafficOf(one), 0),
        total: sumOf(all),
        refusals: [...refusals]
          .map(([code, count]) => ({ code, count }))
          .sort((one, other) => other.count - one.count),
        nodes: [...nodeIds].map((nodeId) => {
          const now = traffic.find((one) => one.nodeId === nodeId);
          return {
            ...sumOf(all.filter((row) => row.nodeId === nodeId)),
            nodeId,
            name: nameOf(nodeId) ?? nodeId,
            breaker: now?.breaker ?? 'closed',
            inFlight: now === undefined ? 0 : trafficOf(now),
            ...limitOf(slotsOf(nodeId), now?.learnedSlots),
          };
        }),
        models: groups(all, ({ model }) => model).flatMap(([model, some]) =>
          model === null ? [] : [{ ...sumOf(some), model }],
        ),
        dialects: groups(all, ({ dialect }) => dialect).map(([dialect, some]) => ({
          ...sumOf(some),
          dialect,
        })),
        series: groups(all, ({ nodeId, dialect }) => `${dialect} ${nodeId}`).flatMap(([, some]) => {
          const [first] = some;
          return first ? [{ ...sumOf(some), nodeId: first.nodeId, dialect: first.dialect }] : [];
        }),
      };
    },
  };
}

function limitOf(set: number | null, learned: number | undefined) {
  if (set !== null) return { slots: set, limit: fact('GATEWAY_SLOTS_SET', { slots: set }) };
  if (learned === undefined) return { slots: null, limit: fact('GATEWAY_SLOTS_NONE') };
  return { slots: learned, limit: fact('GATEWAY_SLOTS_LEARNED', { slots: learned }) };
}

/** Rows with the same key, in the order of their first one. */
function groups<Key>(rows: readonly Row[], keyOf: (row: Row) => Key): [Key, Row[]][] {
  const found = new Map<Key, Row[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = found.get(key);
    if (group) group.push(row);
    else found.set(key, [row]);
  }
  return [...found];
}

function sumOf(rows: readonly Row[]): GatewayCounts {
  const numbers = newNumbers();
  const firstByte = newHistogram();
  for (const row of rows) {
    for (const key of Object.keys(numbers) as (keyof Numbers)[]) numbers[key] += row.numbers[key];
    addHistogram(firstByte, row.firstByte);
  }
  const [p50, p99] = [quantile(firstByte, 0.5), quantile(firstByte, 0.99)];
  return { ...numbers, firstByteMs: p50 === null || p99 === null ? null : { p50, p99 } };
}

const newNumbers = (): Numbers => ({
  requests: 0,
  completed: 0,
  refused: 0,
  rejected: 0,
  failed: 0,
  cancelled: 0,
  retried: 0,
  fallbacks: 0,
  inputTokens: 0,
  outputTokens: 0,
});
