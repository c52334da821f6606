/** Keys and sessions from the command line, of a core that runs and of one that does not. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Host, startHost } from '../../../electron/host/start-host.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';

let root: string;
let data: string;
const hosts: Host[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-keys-'));
  data = join(root, 'data');
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  rmSync(root, { recursive: true, force: true });
});

const cli = (...args: string[]) => runCli('cli', [...args, '--data', data]);
async function start(): Promise<Host> {
  const host = await startHost({
    dataFolder: data,
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
    panelRoot: null,
  });
  hosts.push(host);
  return host;
}
const keyForm = /^pilotlight_key_[0-9A-Za-z]{43}$/;

describe('the limits of a key at the gateway', () => {
  it('are set when it is created, kept when it is rotated, and shown', async () => {
    const limits = ['--models', 'llama3*, nomic-embed-text', '--rpm', '60'];
    expect((await cli('keys', 'add', 'n8n', '--kind', 'program', ...limits)).code).toBe(0);
    expect((await cli('keys', 'add', 'all', '--models', 'all', '--rpm', 'none')).code).toBe(0);
    expect((await cli('keys', 'rotate', 'n8n')).code).toBe(0);
    expect(jsonOf(await cli('keys', '--json'))).toMatchObject([
      { name: 'all', models: null, requestsPerMinute: null },
      { name: 'n8n', models: ['llama3*', 'nomic-embed-text'], requestsPerMinute: 60 },
    ]);
    const { out } = await cli('keys', 'list');
    for (const part of ['llama3*', 'nomic-embed-text', '60']) expect(out).toContain(part);
  });

  it.each([
    ['--models', ' , '],
    ['--rpm', '0'],
    ['--rpm', 'many'],
    ['--rpm', '1.5'],
  ])('%s %j is refused', async (option, value) => {
    expect(await cli('keys', 'add', 'x', option, value)).toMatchObject({ code: 2, out: '' });
  });
});

describe('keys', () => {
  it('are printed once, alone on standard output, and work at once', async () => {
    const host = await start();
    const metrics = async (key: string) =>
      (await fetch(`${host.url}/metrics`, { headers: { authorization: `Bearer ${key}` } })).status;

    const added = await cli('keys', 'add', 'Backup script', '--rights', 'view,tasks');
    expect(added.code).toBe(0);
    const key = added.out.trim();
    expect(key).toMatch(keyForm);
    expect(added.err).not.toContain(key);
    expect(await metrics(key)).toBe(200);

    const listed = await cli('keys', 'list');
    expect(listed.out).toContain('Backup script');
    const list = await cli('keys', '--json');
    expect(jsonOf(list)).toMatchObject([
      { name: 'Backup script', kind: 'script', rights: ['view', 'tasks'] },
    ]);
    expect(listed.out + list.out).not.toContain(key);

    const rotated = await cli('keys', 'rotate', 'backup SCRIPT', '--json');
    expect(Object.keys(jsonOf(rotated) as object)).toEqual(['name', 'key']);
    expect(await metrics(key)).toBe(401);
    const { key: second } = jsonOf(rotated) as { key: string };
    expect(await metrics(second)).toBe(200);

    expect(jsonOf(await cli('keys', 'revoke', 'backup script', '--json'))).toEqual({
      revoked: expect.any(String),
    });
    expect(await metrics(second)).toBe(401);
    // Neither is anywhere in the data folder.
    for (const entry of readdirSync(data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const content = readFileSync(join(entry.parentPath, entry.name), 'latin1');
      for (const secret of [key, second]) expect(content.includes(secret), entry.name).toBe(false);
    }
  });

  it('with --json are exactly a name and a key', async () => {
    const added = await cli('keys', 'add', 'webui', '--kind', 'program', '--expires', '90d', '--json');
    expect([added.code, added.err]).toEqual([0, '']);
    expect(JSON.parse(added.out)).toEqual({ name: 'webui', key: expect.stringMatching(keyForm) });
    const [key] = jsonOf(await cli('keys', 'list', '--json')) as { expiresAt: number; createdAt: number }[];
    expect(key).toMatchObject({ kind: 'program', rights: ['wake', 'infer', 'tasks'] });
    expect((key?.expiresAt ?? 0) - (key?.createdAt ?? 0)).toBe(90 * 86_400_000);
  });

  it('are refused with the reason and the exit code', async () => {
    expect(await cli('keys', 'add', 'x', '--rights', 'everything')).toMatchObject({ code: 2, out: '' });
    const program = await cli('keys', 'add', 'x', '--kind', 'program', '--rights', 'manage');
    expect(program).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^BAD_RIGHTS: /) });
  });
});

describe('sessions', () => {
  async function signIn(host: Host): Promise<void> {
    const token = new URL(host.oneTimeUrl()).hash.replace('#token=', '');
    await fetch(`${host.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Firefox/140.0 (X11; Linux)' },
      body: JSON.stringify({ token }),
    });
  }

  it('are listed and signed out, one or all', async () => {
    const host = await start();
    for (let count = 0; count < 3; count += 1) await signIn(host);
    const listed = jsonOf(await cli('sessions', 'list', '--json')) as { id: string; name: string }[];
    expect(listed.map(({ name }) => name)).toEqual([
      'Firefox on Linux',
      'Firefox on Linux 2',
      'Firefox on Linux 3',
    ]);
    expect((await cli('sessions', 'revoke', listed[0]?.id ?? '')).code).toBe(0);
    expect(jsonOf(await cli('sessions', 'revoke', '--all', '--json'))).toEqual({ revoked: 2 });
    expect(jsonOf(await cli('sessions', 'list', '--json'))).toEqual([]);
  });
});
