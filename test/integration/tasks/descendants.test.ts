/** What a handler has started ends with it: a real child and a grandchild. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupStart, leadsGroup, taskkill } from '../../../electron/adapters/processes/process-group.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import { noMeans } from '../../../electron/workers/tasks/means.ts';
import { handlerHost } from '../../../electron/workers/tasks/processes/handler-host.ts';
import {
  type HandlerProcess,
  startHandlerProcess,
} from '../../../electron/workers/tasks/processes/handler-process.ts';

const entry = fileURLToPath(new URL('../../fakes/task-handlers.ts', import.meta.url));

let folder: string;
let server: Server;
let handler: HandlerProcess;
/** By name, in the order in which they called. */
let alive: Map<string, Socket>;
let called: PromiseWithResolvers<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-descendants-'));
  alive = new Map();
  called = Promise.withResolvers();
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (name) => {
      alive.set(String(name), socket);
      if (alive.size === 2) called.resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  handler = startHandlerProcess(handlerHost(entry, 512), createSystemClock(), () => {});
});

afterEach(() => {
  handler.kill();
  server.close();
  for (const socket of alive.values()) socket.destroy();
  rmSync(folder, { recursive: true, force: true });
});

function run(act: string, signal = new AbortController().signal) {
  const { port } = server.address() as { port: number };
  const mark = join(folder, String(port));
  const ended = handler.run(
    {
      ...{ contentType: 'document', input: { kind: 'url', url: 'http://127.0.0.1/' }, folder },
      options: { do: act, mark },
      ...{ allowedHosts: [], means: noMeans },
    },
    { signal, patienceMs: () => 0, timeMs: 60_000, onProgress() {} },
  );
  ended.catch(() => {});
  return { ended, mark };
}

/** The system closes their connections when they end, however that happens. */
const allGone = () =>
  Promise.all(
    [...alive.values()].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()).resume()),
    ),
  );

describe('programs that a handler has started', () => {
  it('end when it is killed', async () => {
    run('programs');
    await called.promise;
    expect([...alive.keys()].sort()).toEqual(['child', 'grandchild']);
    const gone = allGone();
    handler.kill();
    await gone;
  }, 60_000);

  it('end when its task is cancelled', async () => {
    const cancelled = new AbortController();
    const { ended } = run('programs', cancelled.signal);
    await called.promise;
    const gone = allGone();
    cancelled.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    await gone;
  }, 60_000);

  it.runIf(process.platform !== 'win32')(
    'end when it ends by itself',
    async () => {
      const { ended, mark } = run('programsThenExit');
      await called.promise;
      const gone = allGone();
      writeFileSync(`${mark}.exit`, '');
      await expect(ended).rejects.toMatchObject({ code: 'HANDLER_DIED', details: { code: 3 } });
      await gone;
    },
    60_000,
  );
});

describe('ending a process with its descendants', () => {
  it('is a group on POSIX, and a tree on Windows', () => {
    expect(groupStart('linux')).toMatchObject({ detached: true });
    expect(leadsGroup(groupStart('darwin').args)).toBe(true);
    expect(groupStart('win32')).toEqual({ detached: false, args: [] });
    expect(taskkill(42)).toEqual(['taskkill.exe', '/PID', '42', '/T', '/F']);
    expect(leadsGroup([])).toBe(false);
  });
});
