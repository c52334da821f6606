import { randomBytes } from 'node:crypto';
/** The real HTTP server with some handlers and a small panel, for tests by `inject` and on a loopback port. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '../../electron/adapters/system.ts';
import type { Clock } from '../../electron/core/ports/time.ts';
import type { Handlers } from '../../electron/core/runtime/handlers.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { createDispatcher } from '../../electron/transport/dispatcher.ts';
import { createAccess, newToken } from '../../electron/transport/http/access.ts';
import { createHttpServer, type HttpServerOptions } from '../../electron/transport/http/server.ts';
import { createRememberingLog, someHandlers } from './transport.ts';

export const testPort = 4711;

export function createTestServer(
  options: Partial<HttpServerOptions> & {
    handlers?: Partial<Handlers>;
    clock?: Clock;
    indexToken?: () => string | null;
  } = {},
) {
  const { handlers = {}, clock = createSystemClock(), indexToken = () => null, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-panel-'));
  const panelRoot = join(folder, 'renderer');
  mkdirSync(join(panelRoot, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'outside');
  writeFileSync(
    join(panelRoot, 'index.html'),
    '<!doctype html><style nonce="__CSP_NONCE__"></style><title>Pilotlight</title>',
  );
  writeFileSync(join(panelRoot, 'assets', 'index-abc123.js'), 'export {};');
  writeFileSync(join(panelRoot, 'icon.svg'), '<svg/>');
  symlinkSync(join(folder, 'secret.txt'), join(panelRoot, 'link.txt'));

  const controlToken = newToken();
  const access = createAccess({ controlToken, sessionKey: randomBytes(32), indexToken, now: Date.now });
  const streams = createStreams({ clock, epoch: 'run-1' });
  const log = createRememberingLog();
  const dispatcher = createDispatcher({ handlers: someHandlers(handlers) });
  const server = createHttpServer({
    dispatcher,
    streams,
    access,
    clock,
    log,
    panelRoot,
    port: testPort,
    ...rest,
  });
  return {
    server,
    app: server.app,
    access,
    streams,
    dispatcher,
    log,
    controlToken,
    authorization: `Bearer ${controlToken}`,
    host: `127.0.0.1:${testPort}`,
    async close() {
      await server.close(200);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
