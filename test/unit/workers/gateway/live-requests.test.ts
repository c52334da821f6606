import { expect, it } from 'vitest';
import type { GatewayEvent } from '../../../../electron/core/gateway/protocol.ts';
import type { Exchange } from '../../../../electron/workers/gateway/exchange.ts';
import { createKeptPrompts, LONGEST_MS } from '../../../../electron/workers/gateway/kept-prompts.ts';
import { createLiveRequests } from '../../../../electron/workers/gateway/live-requests.ts';
import { takeStep } from '../../../../electron/workers/gateway/request-facts.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function createWorld() {
  const clock = createFakeClock();
  const events: GatewayEvent[] = [];
  const live = createLiveRequests({
    clock,
    desk: { places: () => new Map() },
    report: (event) => events.push(event),
  });
  function arrive(changes: Partial<Exchange> = {}): Exchange {
    const startedAt = clock.monotonic();
    const exchange = {
      id: live.nextId(),
      at: clock.now(),
      request: { method: 'POST' },
      target: { path: '/api/chat' },
      endpoint: { dialect: 'ollama' },
      caller: { credential: null },
      elapsed: () => clock.monotonic() - startedAt,
      model: 'm',
      state: 'arriving',
      steps: [],
      firstByteMs: null,
      heldMs: 0,
      place: null,
      waitingSince: null,
      entry: null,
      changed: true,
      reported: false,
      finished: false,
      isGone: false,
      ...changes,
    } as unknown as Exchange;
    live.add(exchange);
    return exchange;
  }
  const reported = () =>
    events.flatMap((event) =>
      event.kind === 'live' ? event.requests.map(({ id, state }) => [id, state]) : [],
    );
  return { clock, events, live, arrive, reported };
}

it('reports nothing of requests that end soon, however many they are', async () => {
  const { clock, events, live, arrive } = createWorld();
  for (let batch = 0; batch < 20; batch += 1) {
    const some = Array.from({ length: 100 }, () => arrive());
    await clock.advance(100);
    for (const exchange of some) live.remove(exchange);
  }
  await clock.advance(1000);
  expect(events).toEqual([]);
  expect(clock.pending()).toBe(0);
});

it('reports a request that lives longer, and then only what changes', async () => {
  const { clock, live, arrive, reported } = createWorld();
  const exchange = arrive();
  await clock.advance(2000);
  expect(reported()).toEqual([[1, 'arriving']]);
  takeStep(exchange, 'queued');
  takeStep(exchange, 'sent', 'node_1');
  await clock.advance(2000);
  expect(reported()).toEqual([
    [1, 'arriving'],
    [1, 'sent'],
  ]);
  exchange.firstByteMs = 4000;
  exchange.changed = true;
  await clock.advance(250);
  expect(reported().at(-1)).toEqual([1, 'answering']);
  live.remove(exchange);
  await clock.advance(2000);
  expect(reported()).toHaveLength(3);
});

it('reports a thousand at a time, and the others when there is room', async () => {
  const { clock, live, arrive, reported } = createWorld();
  const all = Array.from({ length: 1200 }, () => arrive());
  await clock.advance(1000);
  expect(reported()).toHaveLength(1000);
  for (const exchange of all.slice(0, 150)) live.remove(exchange);
  await clock.advance(250);
  expect(reported()).toHaveLength(1150);
});

it('reports those in progress again to a core that comes, and nothing while there is none', async () => {
  const { clock, live, arrive, reported } = createWorld();
  arrive();
  await clock.advance(500);
  live.setConnected(false);
  arrive();
  await clock.advance(5000);
  expect(reported()).toEqual([[1, 'arriving']]);
  live.setConnected(true);
  await clock.advance(250);
  expect(reported().slice(1)).toEqual([
    [1, 'arriving'],
    [2, 'arriving'],
  ]);
});

it('counts what waits by model once a second, and says when nothing does', async () => {
  const { clock, events, live, arrive } = createWorld();
  const place = { position: 1, expectedMs: null };
  const waiting = [
    arrive({ place }),
    arrive({ place, model: 'm:latest' }),
    arrive({ place, model: 'other' }),
  ];
  arrive();
  await clock.advance(1000);
  for (const exchange of waiting) exchange.place = null;
  await clock.advance(3000);
  expect(events.filter(({ kind }) => kind === 'waiting')).toEqual([
    {
      kind: 'waiting',
      models: [
        ['m:latest', 2],
        ['other:latest', 1],
      ],
    },
    { kind: 'waiting', models: [] },
  ]);
  live.stop();
});

it('keeps a list of steps that no loop makes endless', () => {
  const { arrive } = createWorld();
  const exchange = arrive();
  for (let tries = 0; tries < 500; tries += 1) takeStep(exchange, 'tried', 'node_1', 'HOST_UNREACHABLE');
  expect(exchange.steps).toHaveLength(50);
});

function createPrompts() {
  const clock = createFakeClock();
  let dropped = 0;
  const prompts = createKeptPrompts({
    clock,
    onDropped() {
      dropped += 1;
    },
  });
  let lastId = 0;
  const offer = (text: string | Buffer) => {
    lastId += 1;
    const exchange = { id: lastId, hasPrompt: false } as Exchange;
    const bytes = Buffer.from(text);
    prompts.offer(exchange, [bytes.subarray(0, 3), bytes.subarray(3)]);
    return exchange;
  };
  return { clock, prompts, offer, dropped: () => dropped };
}

it('keeps no prompt until it is asked to', () => {
  const { prompts, offer } = createPrompts();
  expect(offer('{"model":"m"}').hasPrompt).toBe(false);
  expect([prompts.state(), prompts.read(1)]).toEqual([{ until: null, count: 0 }, null]);
});

it('keeps prompts for an hour at most, and forgets them by itself', async () => {
  const { clock, prompts, offer, dropped } = createPrompts();
  prompts.keep(10 * LONGEST_MS);
  expect(prompts.state().until).toBe(clock.now() + LONGEST_MS);
  expect(offer('{"model":"µ"}').hasPrompt).toBe(true);
  expect(prompts.read(1)).toEqual({ text: '{"model":"µ"}', bytes: 14, truncated: false });
  await clock.advance(LONGEST_MS);
  expect([prompts.state(), prompts.read(1), dropped()]).toEqual([{ until: null, count: 0 }, null, 1]);
});

it('forgets them at once when it is turned off', async () => {
  const { clock, prompts, offer, dropped } = createPrompts();
  prompts.keep(LONGEST_MS);
  offer('{}');
  expect(prompts.keep(null)).toEqual({ until: null, count: 0 });
  expect(prompts.read(1)).toBeNull();
  await clock.advance(2 * LONGEST_MS);
  expect(dropped()).toBe(0);
});

it('keeps the beginning of a long one, and the newest of many', () => {
  const { prompts, offer } = createPrompts();
  prompts.keep(LONGEST_MS);
  offer(Buffer.alloc(1_000_000, 'a'));
  expect(prompts.read(1)).toMatchObject({ bytes: 1_000_000, truncated: true });
  expect(prompts.read(1)?.text).toHaveLength(256 * 1024);
  for (let count = 0; count < 200; count += 1) offer(Buffer.alloc(300_000, 'b'));
  expect(prompts.state().count).toBe(128);
  expect([prompts.read(1), prompts.read(201)?.truncated]).toEqual([null, true]);
  for (let count = 0; count < 1000; count += 1) offer('{}');
  expect(prompts.state().count).toBeLessThanOrEqual(500);
});
