import { expect, it } from 'vitest';
import { createHealthTracker } from '../../../../electron/core/acquire/node-health.ts';
import type { FinishedRequest, NodeTraffic } from '../../../../electron/core/gateway/model.ts';
import type { GatewayEvent } from '../../../../electron/core/gateway/protocol.ts';
import { createFinishedBatches } from '../../../../electron/workers/gateway/finished-batches.ts';
import { createTraffic } from '../../../../electron/workers/gateway/traffic.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const finished = { id: 1 } as FinishedRequest;

function batches() {
  const clock = createFakeClock();
  const events: GatewayEvent[] = [];
  return { clock, events, batches: createFinishedBatches({ clock, report: (event) => events.push(event) }) };
}

it('reports finished requests together', async () => {
  const { clock, events, batches: reports } = batches();
  reports.add(finished);
  reports.add(finished);
  expect(events).toEqual([]);
  await clock.advance(250);
  expect(events).toEqual([{ kind: 'finished', requests: [finished, finished], dropped: 0 }]);
  await clock.advance(1000);
  expect(events).toHaveLength(1);
});

it('keeps a thousand while no core listens, and counts the others', async () => {
  const { clock, events, batches: reports } = batches();
  reports.setConnected(false);
  for (let count = 0; count < 1003; count += 1) reports.add(finished);
  await clock.advance(1000);
  expect(events).toEqual([]);
  reports.setConnected(true);
  await clock.advance(250);
  expect(events).toMatchObject([{ kind: 'finished', dropped: 3 }]);
  expect(events[0]?.kind === 'finished' && events[0].requests).toHaveLength(1000);
});

it('reports the use of a credential once in a while', async () => {
  const { clock, events, batches: reports } = batches();
  for (let count = 0; count < 5; count += 1) reports.used('a');
  await clock.advance(250);
  expect(events).toEqual([{ kind: 'used', credentialIds: ['a'] }]);
  reports.used('a');
  await clock.advance(9_000);
  expect(events).toHaveLength(1);
  await clock.advance(1000);
  reports.used('a');
  await clock.advance(250);
  expect(events).toHaveLength(2);
});

function traffic() {
  const clock = createFakeClock();
  const health = createHealthTracker({ clock });
  const reported: NodeTraffic[][] = [];
  const counted = createTraffic({ clock, health, report: (nodes) => reported.push([...nodes]) });
  return { clock, health, reported, traffic: counted };
}

it('reports the first request of a node at once, and changes together', async () => {
  const { clock, reported, traffic: counted } = traffic();
  const first = counted.begin('a', 'M');
  expect(reported).toEqual([[{ nodeId: 'a', breaker: 'closed', inFlight: { 'm:latest': 1 } }]]);
  const second = counted.begin('a', 'm:latest');
  const third = counted.begin('a', null);
  expect(reported).toHaveLength(1);
  await clock.advance(250);
  expect(reported[1]).toEqual([{ nodeId: 'a', breaker: 'closed', inFlight: { 'm:latest': 2, '': 1 } }]);
  expect([counted.onNode('a'), counted.ofModel('a', 'm:latest'), counted.count]).toEqual([3, 2, 3]);
  for (const one of [first, first, second, third]) one[Symbol.dispose]();
  expect(counted.count).toBe(0);
  await clock.advance(250);
  expect(reported[2]).toEqual([{ nodeId: 'a', breaker: 'closed', inFlight: {} }]);
  expect(counted.all()).toEqual([]);
});

it('reports a breaker that opened, also without requests', async () => {
  const { clock, health, reported, traffic: counted } = traffic();
  health.failed('a', 'unavailable');
  counted.touch('a');
  await clock.advance(250);
  expect(reported).toEqual([[{ nodeId: 'a', breaker: 'open', inFlight: {} }]]);
  expect(counted.all()).toEqual(reported[0]);
});

it('reports that a node may be tried again, also without requests', async () => {
  const { clock, health, reported, traffic: counted } = traffic();
  health.failed('a', 'unavailable');
  counted.touch('a');
  await clock.advance(250);
  await clock.advance(5000);
  expect(reported.at(-1)).toEqual([{ nodeId: 'a', breaker: 'half-open', inFlight: {} }]);
  health.succeeded('a');
  counted.touch('a');
  await clock.advance(250);
  expect(reported.at(-1)).toEqual([{ nodeId: 'a', breaker: 'closed', inFlight: {} }]);
  expect(clock.pending()).toBe(0);
});

it('reports since when requests have had no first byte, from an age of five seconds', async () => {
  const { clock, reported, traffic: counted } = traffic();
  const sentAt = clock.now();
  const first = counted.begin('a', 'M');
  await clock.advance(1000);
  const second = counted.begin('a', 'm');
  const other = counted.begin('a', 'other');
  counted.begin('b', null);
  await clock.advance(3999);
  expect(reported.flat().filter(({ silent }) => silent !== undefined)).toEqual([]);
  await clock.advance(5500);
  expect(reported.at(-1)).toEqual([
    expect.objectContaining({
      nodeId: 'a',
      silent: { 'm:latest': sentAt, 'other:latest': sentAt + 1000 },
    }),
  ]);
  first.answered();
  other[Symbol.dispose]();
  await clock.advance(250);
  expect(reported.at(-1)).toEqual([
    expect.objectContaining({ nodeId: 'a', silent: { 'm:latest': sentAt + 1000 } }),
  ]);
  second.answered();
  await clock.advance(250);
  expect(reported.at(-1)?.[0]).not.toHaveProperty('silent');
  await clock.advance(60_000);
  expect(clock.pending()).toBe(0);
});
