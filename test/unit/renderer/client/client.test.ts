import { describe, expect, test } from 'vitest';
import { createClient } from '../../../../renderer/client/client.ts';
import { createLinkState, type Link, type LinkState } from '../../../../renderer/client/link.ts';
import type { ClientMessage, ServerMessage } from '../../../../shared/contract/link.ts';

function fakeLink(state: LinkState = 'live') {
  const inner = createLinkState({ state, error: null, retryAt: null });
  const sent: ClientMessage[] = [];
  const link: Link = {
    send(message) {
      if (inner.status().state !== 'live') return false;
      sent.push(message);
      return true;
    },
    onMessage: inner.onMessage,
    status: inner.status,
    onStatus: inner.onStatus,
    retry() {},
    close() {},
  };
  return {
    link,
    sent,
    become: (next: LinkState) => inner.setStatus({ state: next, error: null, retryAt: null }),
    say: (message: ServerMessage) => inner.deliver(message),
  };
}

const frame = (sequence: number, kind: 'snapshot' | 'delta' = 'delta') => ({
  kind,
  cursor: { epoch: 'a', sequence },
  set: [],
  removed: [],
});

describe('calls', () => {
  test('each answer goes to its own call', async () => {
    const { link, sent, say } = fakeLink();
    const client = createClient({ link });
    const first = client.call('fleet.list', {});
    const second = client.call('index.sources', {});
    const [a, b] = sent;
    expect(a).toMatchObject({ type: 'call', method: 'fleet.list', params: {} });
    say({ type: 'result', id: b?.id ?? -1, result: ['second'] });
    say({ type: 'result', id: a?.id ?? -1, result: ['first'] });
    expect(await first).toEqual(['first']);
    expect(await second).toEqual(['second']);
  });

  test('an error keeps its code, next step and details', async () => {
    const { link, sent, say } = fakeLink();
    const call = createClient({ link }).call('fleet.add', { url: 'x' });
    say({
      type: 'error',
      id: sent[0]?.id ?? -1,
      error: { code: 'BAD_URL', message: 'no', next: 'do', details: { field: 'url' } },
    });
    await expect(call).rejects.toMatchObject({
      code: 'BAD_URL',
      message: 'no',
      next: 'do',
      details: { field: 'url' },
    });
  });

  test('an abort cancels it on the other side and rejects it as CANCELLED', async () => {
    const { link, sent } = fakeLink();
    const abort = new AbortController();
    const call = createClient({ link }).call('optimizer.run', {}, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(sent.at(-1)).toEqual({ type: 'cancel', id: sent[0]?.id });
  });

  test('an abort after the answer sends nothing', async () => {
    const { link, sent, say } = fakeLink();
    const abort = new AbortController();
    const call = createClient({ link }).call('optimizer.run', {}, { signal: abort.signal });
    say({ type: 'result', id: sent[0]?.id ?? -1, result: {} });
    await call;
    abort.abort();
    expect(sent).toHaveLength(1);
  });

  test('a lost link fails what is in flight, and what is asked meanwhile, with LINK_LOST', async () => {
    const { link, become } = fakeLink();
    const client = createClient({ link });
    const inFlight = client.call('fleet.list', {});
    become('reconnecting');
    await expect(inFlight).rejects.toMatchObject({ code: 'LINK_LOST' });
    await expect(client.call('fleet.list', {})).rejects.toMatchObject({ code: 'LINK_LOST' });
  });
});

describe('subscriptions', () => {
  test('one that is asked for before the link is live begins when it is', () => {
    const { link, sent, become } = fakeLink('connecting');
    createClient({ link }).subscribe('fleet', () => {});
    expect(sent).toEqual([]);
    become('live');
    expect(sent).toMatchObject([{ type: 'subscribe', stream: 'fleet', cursor: null }]);
  });

  test('after a lost link it continues from its cursor, and ignores a late frame of the old one', () => {
    const { link, sent, become, say } = fakeLink();
    const frames: number[] = [];
    createClient({ link }).subscribe('fleet', (one) => frames.push(one.cursor.sequence));
    const before = sent[0]?.id ?? -1;
    say({ type: 'frame', id: before, frame: frame(4, 'snapshot') });
    become('reconnecting');
    become('live');
    const again = sent.at(-1);
    expect(again).toMatchObject({ type: 'subscribe', stream: 'fleet', cursor: { epoch: 'a', sequence: 4 } });
    say({ type: 'frame', id: before, frame: frame(5) });
    say({ type: 'frame', id: again?.id ?? -1, frame: frame(6) });
    expect(frames).toEqual([4, 6]);
  });

  test('it is not begun twice when the link tells twice that it is live', () => {
    const { link, sent, become } = fakeLink('connecting');
    createClient({ link }).subscribe('jobs', () => {});
    become('live');
    become('live');
    expect(sent).toHaveLength(1);
  });

  test('one that was ended gets no frame and does not begin again', () => {
    const { link, sent, become, say } = fakeLink();
    let frames = 0;
    const end = createClient({ link }).subscribe('fleet', () => {
      frames += 1;
    });
    const id = sent[0]?.id ?? -1;
    end();
    expect(sent.at(-1)).toEqual({ type: 'cancel', id });
    say({ type: 'frame', id, frame: frame(1) });
    become('reconnecting');
    become('live');
    expect(frames).toBe(0);
    expect(sent.filter((message) => message.type === 'subscribe')).toHaveLength(1);
  });

  test('the end of a stream by a stopping core leaves it to begin again', () => {
    const { link, sent, become, say } = fakeLink();
    createClient({ link }).subscribe('fleet', () => {});
    say({ type: 'end', id: sent[0]?.id ?? -1 });
    become('reconnecting');
    become('live');
    expect(sent.filter((message) => message.type === 'subscribe')).toHaveLength(2);
  });
});
