/** The real built core with a data folder of its own, for pictures. */

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ChildProcess, spawn } from '../fakes/children.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const dist = join(root, 'dist');

export interface Core {
  /** The one-time address of the panel. */
  url: string;
  stop(): Promise<void>;
}

export async function startCore(data: string): Promise<Core> {
  const args = [
    join(dist, 'headless', 'headless.mjs'),
    '--data',
    data,
    '--port',
    '0',
    '--gateway-port',
    'off',
    '--no-open',
  ];
  const child: ChildProcess = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Nothing of the own fleet of whoever takes the pictures may be in them.
    env: { ...process.env, OLLAMA_HOST: '' },
  });
  const url = await new Promise<string>((done, fail) => {
    if (child.stdout === null) throw new Error('The core has no output.');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^Pilotlight is ready at (http:\S+)$/.exec(line);
      if (ready?.[1]) done(ready[1]);
    });
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`The core ended with ${code} before it was ready.`)));
  });
  return {
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    },
  };
}
