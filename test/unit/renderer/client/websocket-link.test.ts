import { expect, test, vi } from 'vitest';
import { reconnectDelay } from '../../../../renderer/client/backoff.ts';
import type { Session } from '../../../../renderer/client/session.ts';
import { createWebSocketLink, type Socket } from '../../../../renderer/client/websocket-link.ts';

function world({ session = { bearer: 'b-1' } as Session, probe = 200 } = {}) {
  const sockets: (Socket & { sent: string[]; protocols: string[] })[] = [];
  const waits: { ms: number; callback: () => void }[] = [];
  const forget = vi.fn();
  const link = createWebSocketLink({
    openSession: () => Promise.resolve(session),
    forgetSession: forget,
    openSocket(_path, protocols) {
      const sent: string[] = [];
      const socket = {
        sent,
        protocols,
        send: (text: string) => void sent.push(text),
        close() {},
        onopen: null,
        onclose: null,
        onmessage: null,
      };
      sockets.push(socket);
      return socket;
    },
    fetch: () =>
      probe === 0 ? Promise.reject(new TypeError()) : Promise.resolve(new Response(null, { status: probe })),
    schedule(ms, callback) {
      const wait = { ms, callback };
      waits.push(wait);
      return () => void waits.splice(waits.indexOf(wait), 1);
    },
    now: () => 1000,
    random: () => 1,
  });
  const states: string[] = [];
  link.onStatus((status) => states.push(status.state));
  return { link, sockets, waits, states, forget };
}

const socketAt = async (sockets: Socket[], index: number) => {
  await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(index));
  return sockets[index] as Socket & { sent: string[]; protocols: string[] };
};

test('it opens with its bearer in the subprotocol, and is live when the socket is open', async () => {
  const { link, sockets, states } = world();
  expect(link.status().state).toBe('connecting');
  expect(link.send({ type: 'cancel', id: 1 })).toBe(false);
  const socket = await socketAt(sockets, 0);
  expect(socket.protocols).toEqual(['pilotlight.v1', 'pilotlight.bearer.b-1']);
  socket.onopen?.();
  expect(states).toEqual(['live']);
  expect(link.send({ type: 'cancel', id: 1 })).toBe(true);
  expect(socket.sent).toEqual(['{"type":"cancel","id":1}']);
});

test('what is no JSON is left out', async () => {
  const { link, sockets } = world();
  const heard: unknown[] = [];
  link.onMessage((message) => heard.push(message));
  const socket = await socketAt(sockets, 0);
  socket.onmessage?.({ data: '{half' });
  socket.onmessage?.({ data: new ArrayBuffer(2) });
  socket.onmessage?.({ data: '{"type":"end","id":3}' });
  expect(heard).toEqual([{ type: 'end', id: 3 }]);
});

test('a lost socket is opened again after a wait that grows until one opens', async () => {
  const { sockets, waits, states, link } = world({ probe: 0 });
  (await socketAt(sockets, 0)).onopen?.();
  (await socketAt(sockets, 0)).onclose?.({ code: 1006 });
  expect(states).toEqual(['live', 'reconnecting']);
  expect(link.status()).toMatchObject({ retryAt: 1250, error: { code: 'LINK_LOST' } });
  waits.pop()?.callback();
  (await socketAt(sockets, 1)).onclose?.({ code: 1006 });
  await vi.waitFor(() => expect(waits).toHaveLength(1));
  expect(waits[0]?.ms).toBe(500);
  link.retry();
  expect(waits).toHaveLength(0);
  (await socketAt(sockets, 2)).onopen?.();
  expect(states.at(-1)).toBe('live');
});

test('a socket that does not open, while the core refuses the bearer, is the end: nothing is tried again', async () => {
  const { sockets, waits, forget, link } = world({ probe: 401 });
  (await socketAt(sockets, 0)).onclose?.({ code: 1006 });
  await vi.waitFor(() => expect(link.status().state).toBe('unauthorized'));
  expect(forget).toHaveBeenCalledOnce();
  expect(waits).toHaveLength(0);
});

test('a close that says "unknown bearer" is believed', async () => {
  const { sockets, link } = world();
  (await socketAt(sockets, 0)).onopen?.();
  (await socketAt(sockets, 0)).onclose?.({ code: 4401 });
  expect(link.status()).toMatchObject({ state: 'unauthorized', error: { code: 'UNAUTHORIZED' } });
});

test('a used address ends as unauthorized with its reason', async () => {
  const { link } = world({ session: { error: { code: 'TOKEN_USED', message: 'used', next: 'open' } } });
  await vi.waitFor(() =>
    expect(link.status()).toMatchObject({ state: 'unauthorized', error: { code: 'TOKEN_USED' } }),
  );
});

test('waits double up to ten seconds, and lose up to half at random', () => {
  expect([0, 1, 2, 3].map((attempt) => reconnectDelay(attempt, () => 1))).toEqual([250, 500, 1000, 2000]);
  expect(reconnectDelay(50, () => 1)).toBe(10_000);
  expect(reconnectDelay(50, () => 0)).toBe(5000);
});
