import { EventEmitter } from 'node:events';
import type { Dispatcher } from 'undici';
import { expect, it } from 'vitest';
import type { Exchange } from '../../../../electron/workers/gateway/exchange.ts';
import { type RelayEnd, relay } from '../../../../electron/workers/gateway/relay.ts';

it('ends a request whose client went away before it had a connection', async () => {
  let handler: Dispatcher.DispatchHandler = {};
  const outcomes: string[] = [];
  const ends: RelayEnd[] = [];
  const exchange = {
    request: { method: 'POST' },
    response: new EventEmitter(),
    endpoint: { dialect: 'ollama' },
    cors: [],
    elapsed: () => 0,
    isGone: false,
    onGone: null as (() => void) | null,
    bytesOut: 0,
    finish: (outcome: string) => outcomes.push(outcome),
  };
  relay({
    exchange: exchange as unknown as Exchange,
    dispatcher: {
      dispatch(_options: unknown, given: Dispatcher.DispatchHandler) {
        handler = given;
        return true;
      },
    } as unknown as Dispatcher,
    node: 'one',
    path: '/api/chat',
    headers: [],
    body: null,
    answerHeaders: [],
    mustComplete: true,
    leavesBusy: false,
    onCommitted() {},
    onEnd: (end) => ends.push(end),
  });
  exchange.isGone = true;
  exchange.onGone?.();
  expect([outcomes, ends]).toEqual([[], []]);
  const reasons: Error[] = [];
  const controller = {
    abort(reason: Error) {
      reasons.push(reason);
      handler.onResponseError?.(controller as unknown as Dispatcher.DispatchController, reason);
    },
  };
  handler.onRequestStart?.(controller as unknown as Dispatcher.DispatchController, {});
  expect(reasons).toHaveLength(1);
  expect(outcomes).toEqual(['cancelled']);
  // Its slot is free only when the connection is closed.
  expect(ends).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ends).toEqual([{ kind: 'gone' }]);
});
