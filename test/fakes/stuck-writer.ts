/** A process that replaces a file durably and stops between the write and the rename. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawn } from './children.ts';

const module = fileURLToPath(new URL('../../electron/adapters/durable-write.ts', import.meta.url));

export async function startStuckWriter(path: string) {
  const source = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    fs.renameSync = () => {
      fs.writeSync(1, 'written');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    syncBuiltinESMExports();
    const { writeDurably } = await import(${JSON.stringify(module)});
    writeDurably(${JSON.stringify(path)}, 'half of a write');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('The child has no output.');
  await once(child.stdout, 'data');
  return {
    draft: `${path}.${child.pid}.new`,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    async [Symbol.asyncDispose]() {
      await this.kill();
    },
  };
}
