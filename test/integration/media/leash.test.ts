import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { leashedStart } from '../../../electron/workers/media/leash.ts';
import { spawn } from '../../fakes/children.ts';

const entry = fileURLToPath(new URL('../../fakes/leashed-handler.ts', import.meta.url));

/** Calls a port for as long as it lives, and starts another one that does. */
const program = `
  const call = (name) => require('node:net').connect(Number(process.argv[1]), '127.0.0.1').on('error', () => {}).write(name);
  const { spawn } = require('node:child_process');
  if (process.argv[2] === 'grandchild') call('grandchild');
  else {
    call('child');
    spawn(process.execPath, ['-e', process.execArgv[1], process.argv[1], 'grandchild'], { stdio: 'ignore' });
  }
`;

describe.skipIf(process.platform === 'win32')('a program of a process without a group', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'ends with it and with all that it started, by %s',
    async (signal) => {
      const calls = new Map<string, Socket>();
      const closed: Promise<unknown>[] = [];
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (name) => {
          calls.set(String(name), socket);
          closed.push(once(socket, 'close'));
          server.emit('called');
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const handler = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', entry, process.execPath, '-e', program, String(port)],
        { stdio: 'ignore' },
      );
      while (calls.size < 2) await once(server, 'called');
      handler.kill(signal);
      // Their sockets close when they end; a wait without an end would fail the test by its limit.
      await Promise.all(closed);
      server.close();
    },
  );

  it('keeps its code, its output and its arguments', async () => {
    const start = leashedStart(
      { program: 'sh', args: ['-c', 'printf "%s|" "$@"; exit 7', 'x', 'a b', '$HOME', '*'], folder: '/' },
      { isGroup: false },
    );
    expect(start.isLeashed).toBe(true);
    const child = spawn(start.program, [...start.args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let out = '';
    child.stdout?.on('data', (text) => {
      out += text;
    });
    const [code] = await once(child, 'close');
    expect([code, out]).toEqual([7, 'a b|$HOME|*|']);
  });
});

describe('a start', () => {
  const wanted = { program: 'ffmpeg', args: ['-version'], folder: '/tmp' };

  it('needs no leash in a group, or on Windows', () => {
    const plain = { program: 'ffmpeg', args: ['-version'], isLeashed: false };
    expect(leashedStart(wanted, { isGroup: true })).toEqual(plain);
    expect(leashedStart(wanted, { platform: 'win32', isGroup: false })).toEqual(plain);
  });

  it.skipIf(process.platform === 'win32')('of a program that is not there, or may not be run, fails', () => {
    const start = (program: string) => () =>
      leashedStart({ ...wanted, program }, { isGroup: false, path: '/bin:/usr/bin' });
    expect(start('pilotlight-no-such-program')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(start(fileURLToPath(import.meta.url))).toThrow(expect.objectContaining({ code: 'EACCES' }));
  });
});
