/** What a test run starts ends with it, also when it is killed. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { spawn } from '../../fakes/children.ts';

const children = pathToFileURL(join(import.meta.dirname, '../../fakes/children.ts')).href;

/** A program that connects to a socket and stays: the connection ends when it does. */
const stays = (path: string) =>
  `import('node:net').then((net) => { const s = net.connect(${JSON.stringify(path)}); s.on('close', () => process.exit()); })`;

test.skipIf(process.platform === 'win32').for([false, true])(
  'a killed run leaves nothing of a process that it started, in a group of its own: %s',
  async (detached) => {
    const path = join(tmpdir(), `pilotlight-leash-${process.pid}-${detached}.sock`);
    const server = createServer().listen(path);
    await once(server, 'listening');
    // A shell that waits for its child, as a browser does that is started by a script.
    const run = `
      const { spawn } = await import(${JSON.stringify(children)});
      const command = detached => ['sh', ['-c', '"$0" -e "$1" & wait', process.execPath, ${JSON.stringify(stays(path))}], { detached, stdio: 'ignore' }];
      ${detached ? 'spawn(...command(true))' : `spawn(process.execPath, ['-e', ${JSON.stringify(stays(path))}], { stdio: 'ignore' })`};
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', run], { stdio: 'inherit' });
    try {
      const [socket] = (await once(server, 'connection')) as [Socket];
      const ended = once(
        socket.resume().on('error', () => {}),
        'close',
      );
      parent.kill('SIGKILL');
      await ended;
      expect(socket.destroyed).toBe(true);
    } finally {
      parent.kill('SIGKILL');
      server.close();
    }
  },
);
