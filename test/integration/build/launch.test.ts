import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findElectron,
  forgetFailure,
  isRemembered,
  readFailure,
  rememberFailure,
} from '../../../build/lib/desktop.mjs';
import { setUpPaths } from '../../../build/lib/paths.mjs';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

const processModule = new URL('../../../build/lib/process.mjs', import.meta.url).href;
const script = (name: string) => fileURLToPath(new URL(`../../../build/${name}`, import.meta.url));

describe('a program run in the place of the launcher', () => {
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function launch(program: string): ChildProcess {
    const source = `
      import { endLike, runForeground } from '${processModule}';
      process.exitCode = endLike(await runForeground(process.execPath, ['-e', ${JSON.stringify(program)}]));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  it('gives its exit code and its output', async () => {
    const child = launch("process.stdout.write('hello'); process.exitCode = 5;");
    const [[code], [output]] = await Promise.all([once(child, 'exit'), once(child.stdout ?? child, 'data')]);
    expect(code).toBe(5);
    expect(String(output)).toBe('hello');
  });

  it.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'gets %s and may end in its own way',
    async (signal) => {
      const child = launch(`process.on('${signal}', () => process.exit(7));
        setInterval(() => {}, 1000); process.stdout.write('up');`);
      await once(child.stdout ?? child, 'data');
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([7, null]);
    },
  );

  it.skipIf(process.platform === 'win32')('passes on that it was ended by a signal', async () => {
    const child = launch("setInterval(() => {}, 1000); process.stdout.write('up');");
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });
});

describe.skipIf(process.platform === 'win32')('what the launcher started', () => {
  let server: Server;
  let holder: ChildProcess;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    holder.kill('SIGKILL');
    server.close();
  });

  /** A program that holds a connection to the test, which closes when it ends. */
  function connectingProgram(): string {
    const { port } = server.address() as AddressInfo;
    return `require('node:net').connect(${port}, '127.0.0.1'); setInterval(() => {}, 1000);`;
  }

  async function connected(): Promise<{ closed: Promise<unknown> }> {
    const [connection] = (await once(server, 'connection')) as [Socket];
    return { closed: once(connection.on('error', () => {}).resume(), 'close') };
  }

  const start = (source: string, env: NodeJS.ProcessEnv = process.env) =>
    spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit', env });

  it('does not outlive it when it ran quietly', async () => {
    holder = start(`
      import { runCaptured } from '${processModule}';
      await runCaptured(process.execPath, ['-e', ${JSON.stringify(connectingProgram())}]);`);
    const { closed } = await connected();
    const exited = once(holder, 'exit');
    holder.kill('SIGTERM');
    expect(await exited).toEqual([null, 'SIGTERM']);
    await closed;
  });

  it('is told to end when npm’s shell is gone', async () => {
    const launcher = `
      import { endWithNpm, runForeground } from '${processModule}';
      endWithNpm({ everyMs: 10 });
      await runForeground(process.execPath, ['-e', ${JSON.stringify(connectingProgram())}]);`;
    // The holder stands for the shell: it starts the launcher, and dies without a word to it.
    holder = start(
      `import { spawn } from 'node:child_process';
      spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(launcher)}]);`,
      { ...process.env, npm_lifecycle_event: 'start' },
    );
    const { closed } = await connected();
    holder.kill('SIGKILL');
    await closed;
  });
});

describe('the commands', () => {
  async function run(name: string, args: readonly string[]) {
    const child = spawn(process.execPath, [script(name), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const [code] = await once(child, 'close');
    return { code, output, errors };
  }

  it('refuse an unknown option of npm start, with the usage, a code and the next step', async () => {
    const result = await run('start.mjs', ['--windowed']);
    expect(result.code).toBe(2);
    expect(result.output).toBe('');
    expect(result.errors).toContain('Usage: npm start');
    expect(result.errors).toMatch(/Unknown option --windowed\. Correct it.* \[SETUP_OPTION\]\n$/);
  });

  it('refuse an unknown option of npm test', async () => {
    const result = await run('test.mjs', ['--watch']);
    expect(result.code).toBe(2);
    expect(result.errors).toContain('[SETUP_OPTION]');
  });

  it('tell their options', async () => {
    const result = await run('start.mjs', ['--help']);
    expect(result.code).toBe(0);
    expect(result.output).toContain('--headless');
  });
});

describe('the memory of a failed download', () => {
  it('is kept in a file, forgotten on demand, and damaged files mean none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-failure-'));
    try {
      const { electronFailure } = setUpPaths(folder);
      expect(readFailure(electronFailure)).toBeUndefined();
      rememberFailure(electronFailure, { at: 1_000, version: '45.4.1' });
      expect(isRemembered(readFailure(electronFailure), '45.4.1', 2_000)).toBe(true);
      forgetFailure(electronFailure);
      expect(readFailure(electronFailure)).toBeUndefined();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('findElectron', () => {
  it('finds the installer of the package that is installed', () => {
    const nodeModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
    expect(findElectron(nodeModules)).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      installer: join(nodeModules, 'electron', 'install.js'),
    });
  });
});
