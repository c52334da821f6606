import { expect, test, vi } from 'vitest';
import { reconnectDelay } from '../../../../renderer/client/backoff.ts';
import type { Session } from '../../../../renderer/client/session.ts';
import { createWebSocketLink, type Socket } from '../../../../renderer/client/websocket-link.ts';

const signedOut: Session = { error: { code: 'SESSION_ENDED', message: 'ended', next: 'open' } };

/** Each attempt gets the next session; the last one stays. */
function world({ sessions = [{ bearer: 'b-1' }] as Session[] } = {}) {
  const sockets: (Socket & { sent: string[]; protocols: string[] })[] = [];
  const waits: { ms: number; callback: () => void }[] = [];
  const link = createWebSocketLink({
    openSession: () => Promise.resolve((sessions.length > 1 ? sessions.shift() : sessions[0]) ?? signedOut),
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
  return { link, sockets, waits, states, sessions };
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
  const { sockets, waits, states, link } = world();
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

test('each connection asks for the session again: another tab may have signed in or out', async () => {
  const { sockets, waits } = world({ sessions: [{ bearer: 'b-1' }, { bearer: 'b-2' }] });
  (await socketAt(sockets, 0)).onopen?.();
  (await socketAt(sockets, 0)).onclose?.({ code: 1006 });
  waits.pop()?.callback();
  expect((await socketAt(sockets, 1)).protocols).toEqual(['pilotlight.v1', 'pilotlight.bearer.b-2']);
});

test('a close that says that the session ended is looked into at once, and is the end: nothing is tried again', async () => {
  const { sockets, waits, link, states } = world({ sessions: [{ bearer: 'b-1' }, signedOut] });
  (await socketAt(sockets, 0)).onopen?.();
  (await socketAt(sockets, 0)).onclose?.({ code: 4401 });
  await vi.waitFor(() => expect(link.status().state).toBe('unauthorized'));
  expect(link.status().error?.code).toBe('SESSION_ENDED');
  expect([waits.length, sockets.length, states]).toEqual([0, 1, ['live', 'unauthorized']]);
});

test('a signed-out link connects when another tab has signed in, with one socket however often it is asked', async () => {
  const { link, sockets, sessions } = world({ sessions: [signedOut] });
  await vi.waitFor(() => expect(link.status().state).toBe('unauthorized'));
  sessions.splice(0, 1, { bearer: 'b-9' });
  link.retry();
  link.retry();
  const socket = await socketAt(sockets, 0);
  link.retry();
  expect(socket.protocols).toEqual(['pilotlight.v1', 'pilotlight.bearer.b-9']);
  socket.onopen?.();
  expect([link.status().state, sockets.length]).toEqual(['live', 1]);
});

test('another program at the address is waited out, and gets no socket', async () => {
  const stranger: Session = { error: { code: 'OTHER_PROGRAM', message: 'other', next: 'end it' } };
  const { link, sockets, waits, sessions } = world({ sessions: [stranger] });
  await vi.waitFor(() => expect(waits).toHaveLength(1));
  expect(link.status()).toMatchObject({ state: 'connecting', error: { code: 'OTHER_PROGRAM' } });
  sessions.splice(0, 1, { bearer: 'b-1' });
  waits.pop()?.callback();
  (await socketAt(sockets, 0)).onopen?.();
  expect(link.status().state).toBe('live');
});

test('a used address ends as unauthorized with its reason', async () => {
  const { link } = world({ sessions: [{ error: { code: 'TOKEN_USED', message: 'used', next: 'open' } }] });
  await vi.waitFor(() =>
    expect(link.status()).toMatchObject({ state: 'unauthorized', error: { code: 'TOKEN_USED' } }),
  );
});

test('waits double up to ten seconds, and lose up to half at random', () => {
  expect([0, 1, 2, 3].map((attempt) => reconnectDelay(attempt, () => 1))).toEqual([250, 500, 1000, 2000]);
  expect(reconnectDelay(50, () => 1)).toBe(10_000);
  expect(reconnectDelay(50, () => 0)).toBe(5000);
});
