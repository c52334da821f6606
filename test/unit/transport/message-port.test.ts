import { describe, expect, it } from 'vitest';
import { createStreams } from '../../../electron/core/runtime/streams.ts';
import { createDispatcher } from '../../../electron/transport/dispatcher.ts';
import { type PortLike, serveMessagePort } from '../../../electron/transport/message-port.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { createRememberingLog, someHandlers } from '../../fakes/transport.ts';

/** A port as Electron's: events with `data` and `ports`, and it must be started. */
function createElectronPort() {
  const sent: unknown[] = [];
  const state = { started: false, closed: false };
  let onMessage: (event: unknown) => void = () => {};
  let onClose: () => void = () => {};
  const port: PortLike = {
    postMessage: (message) => sent.push(structuredClone(message)),
    on(event: 'message' | 'close', listener: (message: unknown) => void) {
      if (event === 'message') onMessage = listener;
      else onClose = () => listener(undefined);
    },
    start() {
      state.started = true;
    },
    close() {
      state.closed = true;
    },
  };
  return {
    port,
    sent,
    state,
    deliver: (data: unknown) => onMessage({ data, ports: [] }),
    gone: () => onClose(),
  };
}

function serve(result: unknown = defaultSettings) {
  const clock = createFakeClock();
  const electron = createElectronPort();
  const log = createRememberingLog();
  const streams = createStreams({ clock, epoch: 'run-1' });
  const handlers = someHandlers({ 'settings.get': () => result as typeof defaultSettings });
  const link = serveMessagePort({
    port: electron.port,
    dispatcher: createDispatcher({ handlers }),
    streams,
    log,
  });
  return { clock, log, streams, link, ...electron };
}

describe("Electron's port", () => {
  it('is started, and its events are unwrapped', async () => {
    const { state, deliver, sent, clock } = serve();
    expect(state.started).toBe(true);
    deliver({ type: 'call', id: 1, method: 'settings.get', params: {} });
    await clock.flush();
    expect(sent).toEqual([{ type: 'result', id: 1, result: defaultSettings }]);
  });

  it('ends its subscriptions when the other end goes', () => {
    const { deliver, streams, gone } = serve();
    deliver({ type: 'subscribe', id: 1, stream: 'fleet', cursor: null });
    expect(streams.fleet.active).toBe(true);
    gone();
    expect(streams.fleet.active).toBe(false);
  });

  it('says end before it closes', () => {
    const { deliver, sent, link, state } = serve();
    deliver({ type: 'subscribe', id: 1, stream: 'fleet', cursor: null });
    link.stop();
    expect(sent.at(-1)).toEqual({ type: 'end', id: 1 });
    expect(state.closed).toBe(true);
  });

  it('answers with an error what cannot be put on a port', async () => {
    const { deliver, sent, log, clock } = serve({ run: () => {} });
    deliver({ type: 'call', id: 1, method: 'settings.get', params: {} });
    await clock.flush();
    expect(sent).toMatchObject([{ type: 'error', id: 1, error: { code: 'INTERNAL' } }]);
    expect(log.lines).toHaveLength(1);
  });
});
