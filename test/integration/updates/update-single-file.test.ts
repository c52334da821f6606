import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readOwnNews, updateSingleFile } from '../../../electron/host/update-single-file.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { UpdateManifest } from '../../../shared/models/update-manifest.ts';
import type { InstallationForm } from '../../../shared/models/updates.ts';
import { type ReleaseServer, serve, startReleaseServer } from '../../fakes/updates/release-server.ts';
import { fileOf, manifestOf } from '../../fakes/updates/signed-release.ts';

const content = Buffer.alloc(200_000, 'new agent ');
const name = `pilotlight-agent-${process.platform}-${process.arch}`;
const file = fileOf(content, {
  ...{ name, kind: 'agent', form: 'file' },
  ...{ os: process.platform as 'linux', arch: process.arch as 'x64' },
});

let work: string;
let program: string;
let server: ReleaseServer;
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'pilotlight-file-'));
  program = join(work, 'pilotlight-agent');
  writeFileSync(program, 'old agent', { mode: 0o755 });
  server = await startReleaseServer();
  publish();
});
afterEach(async () => {
  await server.close();
  rmSync(work, { recursive: true, force: true });
});

const publish = (change: Partial<UpdateManifest> = {}) =>
  server.publish(manifestOf({ files: [file], rollout: 0.01, ...change }), { [name]: content });
const progress: number[] = [];
const run = (
  action: 'check' | 'yes' | 'back',
  address: string | null = server.address,
  form: InstallationForm = 'file',
) =>
  updateSingleFile({
    ...{ action, address, signal: new AbortController().signal },
    file: { program, version: '1.0.0', keys: [server.key.publicKey], address: null, form },
    onProgress: (bytes) => progress.push(bytes),
  });
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (isPilotlightError(error) ? error.code : String(error)),
  );
const text = () => readFileSync(program, 'utf8');

describe('the single file', () => {
  it('says what there is, and changes nothing for that', async () => {
    expect(await run('check')).toMatchObject({
      ...{ kind: 'found', version: '9.0.0', found: { code: 'UPDATE_FOUND' } },
      notes: expect.stringContaining('Faster'),
    });
    expect(text()).toBe('old agent');
    expect(server.asked).not.toContain(`GET ${name}`);
  });

  it('replaces itself, keeps the former one beside it, and takes it back', async () => {
    expect(await run('yes')).toEqual({
      ...{ kind: 'installed', from: '1.0.0', to: '9.0.0', kept: `${program}.previous` },
    });
    expect(readFileSync(program).equals(content)).toBe(true);
    expect(statSync(program).mode & 0o777).toBe(0o755);
    expect(readFileSync(`${program}.previous`, 'utf8')).toBe('old agent');
    expect(progress.at(-1)).toBe(content.length);
    expect(await run('back')).toEqual({ kind: 'back' });
    expect(text()).toBe('old agent');
    expect(readdirSync(work)).toEqual(['pilotlight-agent']);
    expect(await code(run('back'))).toBe('UPDATE_NOTHING_KEPT');
  });

  it('is not replaced by what is not newer', async () => {
    publish({ version: '1.0.0' });
    expect(await run('yes')).toMatchObject({ kind: 'found', found: { code: 'UPDATE_IS_CURRENT' } });
    publish({ version: '0.9.0' });
    expect(await run('yes')).toMatchObject({ found: { code: 'UPDATE_IS_CURRENT' } });
    expect(readdirSync(work)).toEqual(['pilotlight-agent']);
  });

  it.each<[string, () => void, string]>([
    [
      'another signature',
      () => server.lie('manifest.json.sig', (_, response) => response.end('AAAA')),
      'UPDATE_SIGNATURE',
    ],
    [
      'another content',
      () => server.lie(name, (request, response) => serve(request, response, Buffer.alloc(content.length))),
      'UPDATE_DAMAGED',
    ],
    [
      'another size',
      () => server.lie(name, (request, response) => serve(request, response, content.subarray(1))),
      'UPDATE_DAMAGED',
    ],
    [
      'an end that never comes',
      () =>
        server.lie(name, (_, response) => {
          response.writeHead(200, { 'content-length': content.length });
          response.write(content.subarray(0, 1000), () => response.destroy());
        }),
      'UPDATE_BROKEN_OFF',
    ],
    ['no file', () => server.lie(name, (_, response) => response.writeHead(404).end()), 'UPDATE_UNREACHABLE'],
  ])('stays as it is with %s', async (_, lie, expected) => {
    lie();
    expect(await code(run('yes'))).toBe(expected);
    expect(text()).toBe('old agent');
    expect(readdirSync(work)).toEqual(['pilotlight-agent']);
  });

  it('is not replaced in a container, whose next start would have the former one', async () => {
    expect(await code(run('yes', server.address, 'container'))).toBe('UPDATES_ELSEWHERE');
    expect(server.asked).toEqual([]);
  });

  it('needs an address, and one that is', async () => {
    expect(await code(run('check', null))).toBe('UPDATE_NO_ADDRESS');
    expect(await code(run('check', 'http://updates.example'))).toBe('BAD_URL');
  });
});

it('says what is new in the version that runs', async () => {
  expect(await readOwnNews()).toEqual({ version: packageJson.version, notes: expect.stringMatching(/\S/) });
});
