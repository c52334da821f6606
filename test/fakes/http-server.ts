/** The real HTTP server with some handlers and a small panel, for tests by `inject` and on a loopback port. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSystemClock } from '../../electron/adapters/system.ts';
import { newSecret } from '../../electron/core/access/secret-format.ts';
import type { Clock } from '../../electron/core/ports/time.ts';
import type { Handlers } from '../../electron/core/runtime/handlers.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { createDispatcher } from '../../electron/transport/dispatcher.ts';
import { createAccess } from '../../electron/transport/http/access.ts';
import { createEarlierTabs } from '../../electron/transport/http/earlier-tabs.ts';
import { createHttpServer, type HttpServerOptions } from '../../electron/transport/http/server.ts';
import { createMemoryAccess } from './access.ts';
import { createRememberingLog, someHandlers } from './transport.ts';

export const testPort = 4711;

export function createTestServer(
  options: Partial<HttpServerOptions> & {
    handlers?: Partial<Handlers>;
    clock?: Clock;
    /** The token of a script that an earlier version let people choose. */
    indexToken?: string;
    /** The key of tabs of an earlier version. */
    earlierKey?: Buffer | null;
  } = {},
) {
  const { handlers = {}, clock = createSystemClock(), indexToken, earlierKey = null, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-panel-'));
  const panelRoot = join(folder, 'renderer');
  mkdirSync(join(panelRoot, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'outside');
  writeFileSync(
    join(panelRoot, 'index.html'),
    '<!doctype html><style nonce="__CSP_NONCE__"></style><meta content="__CORE_ID__"><title>Pilotlight</title>',
  );
  writeFileSync(join(panelRoot, 'assets', 'index-abc123.js'), 'export {};');
  writeFileSync(join(panelRoot, 'icon.svg'), '<svg/>');
  symlinkSync(join(folder, 'secret.txt'), join(panelRoot, 'link.txt'));

  const controlToken = newSecret('control');
  const streams = createStreams({ clock, epoch: 'run-1' });
  const { access: credentials } = createMemoryAccess({ clock, streams });
  if (indexToken !== undefined) {
    credentials.setSecret({ name: 'index', rights: ['tasks'], secret: indexToken });
  }
  const access = createAccess({
    controlToken,
    credentials,
    earlierTabs: createEarlierTabs(earlierKey, clock.now),
  });
  const log = createRememberingLog();
  const dispatcher = createDispatcher({ handlers: someHandlers(handlers) });
  const server = createHttpServer({
    dispatcher,
    streams,
    access,
    clock,
    log,
    coreId: '0123456789abcdef',
    panelRoot,
    port: testPort,
    ...rest,
  });
  return {
    server,
    app: server.app,
    access,
    credentials,
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
