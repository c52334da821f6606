/** A core and its clients trust only a data folder that is their user's own. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRunningCore } from '../../../electron/host/core-client.ts';
import { writeEndpoint } from '../../../electron/host/endpoint.ts';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { runCli } from '../../fakes/cli.ts';
import { startStuckWriter } from '../../fakes/stuck-writer.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { asRoot, stranger } from '../ownership/stranger.ts';
import { createPrograms } from './program.ts';

let base = '';
let data = '';
const { launch, stop } = createPrograms(() => data);
const hosts: Host[] = [];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-owners-'));
  data = join(base, 'data');
});
afterEach(async () => {
  await stop();
  for (const host of hosts.splice(0)) await host.stop();
  rmSync(base, { recursive: true, force: true });
});

async function start(): Promise<Host> {
  const host = await startHost({
    dataFolder: data,
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
    log: createRememberingLog(),
  });
  hosts.push(host);
  return host;
}

/** A data folder that a core has used. */
const webhook = 'http://127.0.0.1:9/hook';

async function used(): Promise<void> {
  const host = await start();
  host.core.services.settings.update({ power: { webhookUrl: webhook } });
  await host.stop();
  // The key of an earlier version, which is read once more.
  writeFileSync(join(data, 'session.key'), randomBytes(32), { mode: 0o600 });
}

function make(path: string, mode: number): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

const endpoint = {
  url: 'http://127.0.0.1:9',
  token: 'a-token-of-enough-length',
  pid: process.pid,
  startedAt: 1,
  version: '0.1.0',
};

interface Refused {
  name: string;
  /** Prepares a used folder and returns the unsafe path. */
  spoil(): string;
  fix(path: string): string;
}

function mode(name: string, bits: number): () => string {
  return () => {
    chmodSync(join(data, name), bits);
    return join(data, name);
  };
}

const refused: Refused[] = [
  { name: 'a folder that its group may change', spoil: mode('', 0o770), fix: (path) => `chmod g-w ${path}` },
  {
    name: 'a folder in one where everyone may rename',
    spoil: () => make(base, 0o777),
    fix: (path) => `chmod go-w ${path}`,
  },
  ...['secrets.json', 'secrets.key', 'session.key'].map((name) => ({
    name: `${name} that its group may read`,
    spoil: mode(name, 0o640),
    fix: (path: string) => `chmod 600 ${path}`,
  })),
  ...['state.sqlite', 'core.lock', 'port'].map((name) => ({
    name: `${name} that everyone may change`,
    spoil: mode(name, 0o666),
    fix: (path: string) => `chmod go-w ${path}`,
  })),
  {
    name: 'an endpoint file that everyone may change',
    spoil: () => {
      writeEndpoint(data, endpoint);
      return mode('endpoint.json', 0o666)();
    },
    fix: (path) => `chmod 600 ${path}`,
  },
  {
    name: 'a folder of indexes that others may change and reach',
    spoil: () => {
      chmodSync(data, 0o755);
      return mode('index', 0o777)();
    },
    fix: (path) => `chmod go-w ${path}`,
  },
  {
    name: 'a link to a folder in one where everyone may rename',
    spoil: () => {
      const shared = make(join(base, 'shared'), 0o777);
      make(join(shared, 'real'), 0o700);
      rmSync(data, { recursive: true });
      symlinkSync(join(shared, 'real'), data);
      return shared;
    },
    fix: (path) => `chmod go-w ${path}`,
  },
];

describe.skipIf(process.platform === 'win32')('a start is refused', () => {
  it.each(refused)('with $name', async ({ spoil, fix }) => {
    await used();
    const path = spoil();
    const before = readdirSync(data);
    await expect(start()).rejects.toMatchObject({
      code: 'UNSAFE_PERMISSIONS',
      message: expect.stringContaining(`${path} `),
      next: expect.stringContaining(`\n  ${fix(path)}`),
      details: { paths: [{ path, fix: fix(path) }] },
    });
    // Nothing was set aside or made.
    expect(readdirSync(data)).toEqual(before);
  });

  it('with every unsafe file named at once, and not any more after the commands', async () => {
    await used();
    const names = ['session.key', 'secrets.key', 'secrets.json'];
    for (const name of names) chmodSync(join(data, name), 0o644);
    const error = await start().catch((failure) => failure);
    expect(error.details.paths.map((one: { path: string }) => one.path).sort()).toEqual(
      names.map((name) => join(data, name)).sort(),
    );
    for (const name of names) chmodSync(join(data, name), 0o600);
    expect((await start()).core.services.settings.secret('power.webhookUrl')).toBe(webhook);
  });

  it.skipIf(!asRoot).each(['', 'state.sqlite', 'secrets.key', 'session.key', 'index'])(
    'with another owner of its folder or file %j',
    async (name) => {
      await used();
      chmodSync(data, 0o755);
      const path = join(data, name);
      chownSync(path, stranger, stranger);
      await expect(start()).rejects.toMatchObject({
        code: 'UNSAFE_PERMISSIONS',
        details: { paths: [{ path, flaw: 'owner', fix: `chown root ${path}` }] },
      });
    },
  );

  it('by the program, with the command that fixes it', async () => {
    make(data, 0o777);
    const { exit, output } = launch();
    expect(await exit).toBe(1);
    expect(output.err).toContain('(UNSAFE_PERMISSIONS)');
    expect(output.err).toContain(`\n  chmod go-w ${data}\n`);
    expect(readdirSync(data)).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('a client', () => {
  it.each([0o666, 0o644])('does not trust an endpoint file of mode %o', async (bits) => {
    const host = await start();
    chmodSync(join(data, 'endpoint.json'), bits);
    await expect(findRunningCore(data)).rejects.toMatchObject({ code: 'UNSAFE_PERMISSIONS' });
    const { code, out, err } = await runCli('cli', ['status', '--data', data]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^UNSAFE_PERMISSIONS: /);
    chmodSync(join(data, 'endpoint.json'), 0o600);
    expect((await findRunningCore(data))?.endpoint.url).toBe(host.url);
  });

  it.skipIf(!asRoot)('does not trust the endpoint file of another user', async () => {
    make(data, 0o700);
    writeEndpoint(data, endpoint);
    chownSync(join(data, 'endpoint.json'), stranger, stranger);
    await expect(findRunningCore(data)).rejects.toMatchObject({ code: 'UNSAFE_PERMISSIONS' });
  });
});

describe('modes that the core did not set', () => {
  it.each([0o700, 0o755, 0o711])('its folder stays %o', async (bits) => {
    make(data, bits);
    await start();
    expect(statSync(data).mode & 0o7777).toBe(bits);
  });

  it('a lock file stays as it was', async () => {
    make(data, 0o700);
    writeFileSync(join(data, 'core.lock'), '');
    chmodSync(join(data, 'core.lock'), 0o640);
    await start();
    expect(statSync(join(data, 'core.lock')).mode & 0o777).toBe(0o640);
  });
});

describe('a write that was killed between its file and its name', () => {
  it('leaves nothing after the next start, and a running one keeps its file', async () => {
    make(data, 0o700);
    await using dead = await startStuckWriter(join(data, 'secrets.json'));
    await dead.kill();
    await using live = await startStuckWriter(join(data, 'endpoint.json'));
    const copy = join(data, `state.sqlite.corrupt-1.${/\.(\d+)\.new$/.exec(dead.draft)?.[1]}.reading`);
    writeFileSync(copy, 'half');
    writeFileSync(join(data, 'mine.4711.new'), 'of another program');
    await start();
    expect([dead.draft, copy, live.draft].map((path) => existsSync(path))).toEqual([false, false, true]);
    expect(existsSync(join(data, 'mine.4711.new'))).toBe(true);
  });

  it('is left to the core that runs', async () => {
    await start();
    await using dead = await startStuckWriter(join(data, 'secrets.json'));
    await dead.kill();
    await expect(start()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    expect(existsSync(dead.draft)).toBe(true);
  });
});
