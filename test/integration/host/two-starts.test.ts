import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endpointPath, readEndpoint } from '../../../electron/host/endpoint.ts';
import { type ChildProcess, spawn } from '../../fakes/children.ts';
import { createPrograms, type Program } from './program.ts';

let folder = '';
const data = () => join(folder, 'data');
const { launch, stop } = createPrograms(data);
const others: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-starts-'));
  mkdirSync(data());
});
afterEach(async () => {
  await stop();
  for (const child of others.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A process that has the data folder and never serves: a core at the beginning of a slow start. */
async function holdFolder(): Promise<ChildProcess> {
  const module = fileURLToPath(new URL('../../../electron/host/lock.ts', import.meta.url));
  const source = `
    const { tryLock } = await import(${JSON.stringify(module)});
    globalThis.lock = tryLock(${JSON.stringify(data())});
    console.log(globalThis.lock ? 'locked' : 'refused');
    setInterval(() => {}, 60_000);`;
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', source],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  others.push(child);
  if (child.stdout === null) throw new Error('The child has no output.');
  const [said] = await once(child.stdout, 'data');
  expect(String(said).trim()).toBe('locked');
  return child;
}

const waits = ({ until, output }: Program) =>
  until(() => (output.out.includes('Waiting for it') ? true : null));

/** One serves; the others have ended well and named its address. */
async function expectOneCore(programs: readonly Program[]): Promise<Program> {
  const addresses = await Promise.all(programs.map(({ ready }) => ready()));
  const pid = readEndpoint(data())?.pid;
  const serving = programs.find(({ child }) => child.pid === pid);
  if (serving === undefined) throw new Error('The endpoint file names no program of this test.');
  const joined = programs.filter((program) => program !== serving);
  expect(await Promise.all(joined.map(({ exit }) => exit))).toEqual(joined.map(() => 0));
  for (const { output } of joined) expect(output.out).toContain('is already running');
  expect(new Set(addresses.map(({ url }) => url)).size).toBe(1);
  expect(new Set(addresses.map(({ token }) => token)).size).toBe(programs.length);
  expect(serving.child.exitCode).toBeNull();
  expect(serving.output.out).not.toContain('is already running');
  return serving;
}

describe('starts with the same data folder', () => {
  it.each([2, 5])('%i at once: one serves, the others open it and end well', async (count) => {
    const programs = Array.from({ length: count }, () => launch());
    const serving = await expectOneCore(programs);
    serving.child.kill('SIGTERM');
    expect(await serving.exit).toBe(0);
  });

  it('one of those that wait takes over when the first is killed before it serves', async () => {
    const first = await holdFolder();
    const programs = [launch(), launch()];
    await Promise.all(programs.map(waits));
    first.kill('SIGKILL');
    await expectOneCore(programs);
  });

  it('a start takes over when the core that it was going to open is killed', async () => {
    const first = launch();
    await first.ready();
    first.child.kill('SIGKILL');
    const second = launch();
    await second.ready();
    expect(readEndpoint(data())?.pid).toBe(second.child.pid);
    expect(second.child.exitCode).toBeNull();
  });

  it.each([
    ['empty', ''],
    ['damaged', 'this is no database, and long enough to be seen as one. '.repeat(99)],
    ['of another program, with the id of a process that runs', `${process.pid}\nsome-other-host\n`],
  ])('a lock file that is %s keeps none of them from starting, and lets one start', async (_name, text) => {
    writeFileSync(join(data(), 'core.lock'), text);
    await expectOneCore([launch(), launch()]);
  });

  it('two never own the folder, even where the lock file of the first was deleted', async () => {
    const first = launch();
    const { url } = await first.ready();
    rmSync(join(data(), 'core.lock'));
    const second = launch();
    expect((await second.ready()).url).toBe(url);
    expect(await second.exit).toBe(0);
    expect(readEndpoint(data())?.pid).toBe(first.child.pid);
  });

  it('an endpoint that a core left, whose port another program has now, keeps nothing from starting', async () => {
    const stranger = createServer((socket) => socket.on('error', () => {}));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const address = stranger.address();
    if (address === null || typeof address === 'string') throw new Error('It has no port.');
    const left = {
      url: `http://127.0.0.1:${address.port}`,
      token: 'a-token-of-enough-length',
      // The process id belongs to another program by now: this one.
      pid: process.pid,
      startedAt: 1,
      version: '0.1.0',
    };
    writeFileSync(endpointPath(data()), JSON.stringify(left), { mode: 0o600 });
    const program = launch();
    await program.ready();
    expect(readEndpoint(data())?.pid).toBe(program.child.pid);
    stranger.close();
  });

  it('the copy of a folder that is in use is a folder of its own', async () => {
    const first = launch();
    const { url } = await first.ready();
    const copy = join(folder, 'copy');
    cpSync(data(), copy, { recursive: true });
    expect(readEndpoint(copy)).toBeNull();
    const second = launch('--data', copy);
    expect((await second.ready()).url).not.toBe(url);
    expect(readEndpoint(copy)?.pid).toBe(second.child.pid);
  });
});
