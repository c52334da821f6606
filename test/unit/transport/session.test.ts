import { describe, expect, it } from 'vitest';
import type { Handlers } from '../../../electron/core/runtime/handlers.ts';
import { createStreams } from '../../../electron/core/runtime/streams.ts';
import { createSession } from '../../../electron/transport/session.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type ServerMessage, serverMessageSchema } from '../../../shared/contract/link.ts';
import type { Scope } from '../../../shared/contract/methods.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { MoveRecord } from '../../../shared/models/placement.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createRememberingLog, someHandlers, untilAborted } from '../../fakes/transport.ts';

function open(
  some: Partial<Handlers> = {},
  options: { scopes?: Scope[]; maxCalls?: number; maxSubscriptions?: number; checkResults?: boolean } = {},
) {
  const clock = createFakeClock();
  const streams = createStreams({ clock, epoch: 'run-1' });
  const log = createRememberingLog();
  const sent: ServerMessage[] = [];
  const link = { full: false };
  const { scopes = ['manage', 'view', 'wake', 'tasks', 'control'], ...rest } = options;
  const session = createSession({
    handlers: someHandlers(some),
    streams,
    log,
    scopes: new Set(scopes),
    send(message) {
      sent.push(serverMessageSchema.parse(message));
      return !link.full;
    },
    ...rest,
  });
  const frames = () => sent.flatMap((message) => (message.type === 'frame' ? [message.frame] : []));
  return { clock, streams, log, sent, link, session, frames };
}

const move = (id: number): MoveRecord => ({
  id,
  at: 1,
  nodeId: 'n1',
  nodeName: 'tower',
  model: 'llama3.1:8b',
  by: 'person',
  from: 'cpu',
  to: 'gpu',
  wanted: 'gpu',
  outcome: 'moved',
  reason: plainText('It fits.'),
  code: null,
  durationMs: 12,
  evicted: [],
});

describe('calls', () => {
  it('gives the handler checked parameters with their defaults, and sends the result', async () => {
    const seen: unknown[] = [];
    const { session, sent, clock } = open({
      'optimizer.history': (params) => {
        seen.push(params);
        return [move(1)];
      },
    });
    session.receive({ type: 'call', id: 1, method: 'optimizer.history', params: {} });
    await clock.flush();
    expect(seen).toEqual([{ limit: 50 }]);
    expect(sent).toEqual([{ type: 'result', id: 1, result: [move(1)] }]);
    expect(session.calls).toBe(0);
  });

  it('names each wrong field', async () => {
    const { session, sent, clock } = open();
    session.receive({ type: 'call', id: 3, method: 'power.wake', params: { nodeId: '', extra: 1 } });
    await clock.flush();
    expect(sent[0]).toMatchObject({ type: 'error', id: 3, error: { code: 'BAD_REQUEST' } });
    const fields = sent[0]?.type === 'error' ? sent[0].error.details?.fields : null;
    expect(fields).toEqual(expect.arrayContaining([expect.objectContaining({ path: 'nodeId' })]));
  });

  it('refuses what the sender may not do, before the handler', async () => {
    const { session, sent, clock } = open({}, { scopes: ['view'] });
    session.receive({ type: 'call', id: 1, method: 'optimizer.run', params: {} });
    await clock.flush();
    expect(sent[0]).toMatchObject({ type: 'error', error: { code: 'FORBIDDEN' } });
  });

  it.each(['nope', 'toString', '__proto__', 'constructor'])('knows no method %s', async (method) => {
    const { session, sent, clock } = open();
    session.receive({ type: 'call', id: 1, method, params: {} });
    await clock.flush();
    expect(sent[0]).toMatchObject({ type: 'error', error: { code: 'UNKNOWN_METHOD', details: { method } } });
  });

  it('passes a coded error on with its details', async () => {
    const { session, sent, clock } = open({
      'fleet.remove': () => {
        throw new PilotlightError('NOT_FOUND', { message: 'No node "x".', details: { nodeId: 'x' } });
      },
    });
    session.receive({ type: 'call', id: 1, method: 'fleet.remove', params: { nodeId: 'x' } });
    await clock.flush();
    expect(sent[0]).toMatchObject({
      error: { code: 'NOT_FOUND', message: 'No node "x".', details: { nodeId: 'x' } },
    });
  });

  it('logs a defect and lets no word of it out', async () => {
    const { session, sent, log, clock } = open({
      'settings.get': () => {
        throw new TypeError('secret detail');
      },
    });
    session.receive({ type: 'call', id: 1, method: 'settings.get', params: {} });
    await clock.flush();
    expect(sent[0]).toMatchObject({ type: 'error', error: { code: 'INTERNAL' } });
    expect(JSON.stringify(sent)).not.toContain('secret detail');
    expect(JSON.stringify(log.lines)).toContain('secret detail');
  });

  it('can check results: a wrong one is a defect', async () => {
    const wrong = { ...defaultSettings, fleet: { ...defaultSettings.fleet, simulated: 'yes' } };
    const { session, sent, clock } = open(
      { 'settings.get': () => wrong as unknown as typeof defaultSettings },
      { checkResults: true },
    );
    session.receive({ type: 'call', id: 1, method: 'settings.get', params: {} });
    await clock.flush();
    expect(sent[0]).toMatchObject({ type: 'error', error: { code: 'INTERNAL' } });
  });

  it('aborts a call that is cancelled', async () => {
    const run = untilAborted();
    const { session, sent, clock } = open({ 'optimizer.run': run.handler });
    session.receive({ type: 'call', id: 9, method: 'optimizer.run', params: {} });
    await run.begun;
    session.receive({ type: 'cancel', id: 9 });
    await clock.flush();
    expect(run.state.aborted).toBe(true);
    expect(sent).toMatchObject([{ type: 'error', id: 9, error: { code: 'CANCELLED' } }]);
  });

  it('aborts the calls of a link that is gone, and says nothing more', async () => {
    const run = untilAborted();
    const { session, sent, clock } = open({ 'optimizer.run': run.handler });
    session.receive({ type: 'call', id: 9, method: 'optimizer.run', params: {} });
    await run.begun;
    session.close();
    await clock.flush();
    expect(run.state.aborted).toBe(true);
    expect(sent).toEqual([]);
    session.receive({ type: 'call', id: 10, method: 'settings.get', params: {} });
    await clock.flush();
    expect(sent).toEqual([]);
  });

  it('bounds the calls under way', async () => {
    const run = untilAborted();
    const { session, sent, clock } = open({ 'optimizer.run': run.handler }, { maxCalls: 2 });
    for (const id of [1, 2, 3]) session.receive({ type: 'call', id, method: 'optimizer.run', params: {} });
    await clock.flush();
    expect(sent).toMatchObject([{ type: 'error', id: 3, error: { code: 'SERVER_BUSY' } }]);
    expect(session.calls).toBe(2);
  });

  it('refuses an id that is in use', async () => {
    const run = untilAborted();
    const { session, sent } = open({ 'optimizer.run': run.handler });
    session.receive({ type: 'call', id: 1, method: 'optimizer.run', params: {} });
    session.receive({ type: 'subscribe', id: 1, stream: 'fleet', cursor: null });
    expect(sent).toMatchObject([{ type: 'error', id: 1, error: { code: 'BAD_REQUEST' } }]);
  });

  it.each([
    [undefined, 0],
    ['text', 0],
    [[], 0],
    [{ type: 'call', id: 4 }, 4],
    [{ type: 'call', id: -1, method: 'fleet.list', params: {} }, 0],
    [{ type: 'shout', id: 5 }, 5],
    [{ type: 'subscribe', id: 6, stream: 'fleet', cursor: 'x' }, 6],
    [{ type: 'call', id: 1e300, method: 'fleet.list' }, 0],
  ])('answers the malformed message %j', async (message, id) => {
    const { session, sent, clock } = open();
    session.receive(message);
    await clock.flush();
    expect(sent).toMatchObject([{ type: 'error', id, error: { code: 'BAD_REQUEST' } }]);
  });
});

describe('subscriptions', () => {
  it('sends a snapshot, then one delta for many changes', async () => {
    const { session, streams, clock, frames } = open();
    streams.moves.set('1', move(1));
    session.receive({ type: 'subscribe', id: 2, stream: 'moves', cursor: null });
    expect(frames()).toMatchObject([{ kind: 'snapshot', set: [['1', move(1)]] }]);
    streams.moves.set('2', move(2));
    streams.moves.set('2', { ...move(2), reason: plainText('newest') });
    streams.moves.delete('1');
    await clock.advance(1000);
    expect(frames()).toHaveLength(2);
    expect(frames()[1]).toMatchObject({
      kind: 'delta',
      set: [['2', { ...move(2), reason: plainText('newest') }]],
      removed: ['1'],
    });
  });

  it('holds a full link back, and goes on with the newest values', async () => {
    const { session, streams, clock, frames, link } = open();
    link.full = true;
    session.receive({ type: 'subscribe', id: 2, stream: 'moves', cursor: null });
    for (const reason of ['a', 'b', 'c']) {
      streams.moves.set('1', { ...move(1), reason: plainText(reason) });
      await clock.advance(1000);
    }
    expect(frames()).toHaveLength(1);
    link.full = false;
    session.drained();
    await clock.advance(1000);
    expect(frames()).toHaveLength(2);
    expect(frames()[1]?.set).toEqual([['1', { ...move(1), reason: plainText('c') }]]);
  });

  it('ends by cancel: no frames, no timers', async () => {
    const { session, streams, clock, frames } = open();
    session.receive({ type: 'subscribe', id: 2, stream: 'moves', cursor: null });
    session.receive({ type: 'cancel', id: 2 });
    streams.moves.set('1', move(1));
    expect(clock.pending()).toBe(0);
    expect(streams.moves.active).toBe(false);
    expect(frames()).toHaveLength(1);
  });

  it('says end when the core stops, and takes no more', () => {
    const { session, sent, streams } = open();
    session.receive({ type: 'subscribe', id: 2, stream: 'moves', cursor: null });
    session.receive({ type: 'subscribe', id: 3, stream: 'fleet', cursor: null });
    session.endStreams();
    session.receive({ type: 'subscribe', id: 4, stream: 'fleet', cursor: null });
    expect(sent.slice(2)).toMatchObject([
      { type: 'end', id: 2 },
      { type: 'end', id: 3 },
      { type: 'error', id: 4, error: { code: 'STOPPING' } },
    ]);
    expect(streams.moves.active || streams.fleet.active).toBe(false);
  });

  it('knows its streams, its scopes and its bound', () => {
    const { session, sent } = open({}, { maxSubscriptions: 1 });
    session.receive({ type: 'subscribe', id: 1, stream: 'hasOwnProperty', cursor: null });
    session.receive({ type: 'subscribe', id: 2, stream: 'fleet', cursor: null });
    session.receive({ type: 'subscribe', id: 3, stream: 'fleet', cursor: null });
    expect(sent).toMatchObject([
      { type: 'error', id: 1, error: { code: 'UNKNOWN_STREAM' } },
      { type: 'frame', id: 2 },
      { type: 'error', id: 3, error: { code: 'SERVER_BUSY' } },
    ]);
    const blind = open({}, { scopes: [] });
    blind.session.receive({ type: 'subscribe', id: 1, stream: 'fleet', cursor: null });
    expect(blind.sent).toMatchObject([{ type: 'error', error: { code: 'FORBIDDEN' } }]);
    // Who may come in is not for everyone who may look.
    const viewer = open({}, { scopes: ['view', 'control'] });
    viewer.session.receive({ type: 'subscribe', id: 1, stream: 'access', cursor: null });
    expect(viewer.sent).toMatchObject([
      { type: 'error', error: { code: 'FORBIDDEN', details: { stream: 'access', scope: 'manage' } } },
    ]);
  });
});
