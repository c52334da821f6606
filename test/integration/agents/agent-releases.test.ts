/** Releases with agents, as files that somebody put there. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentReleases } from '../../../electron/adapters/updates/agent-releases.ts';
import { agentFile, aRelease, createSigner, type Signer } from '../../fakes/releases.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const signer = createSigner();
const signal = AbortSignal.timeout(30_000);
const program = Buffer.from('the program of an agent');
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-releases-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, version: string, by: Signer = signer, content: Buffer = program): string {
  const folder = join(root, name);
  mkdirSync(folder);
  const missing = agentFile(Buffer.from('not here'), {
    name: 'pilotlight-agent-darwin-arm64',
    os: 'darwin',
    arch: 'arm64',
  });
  const { manifest, signature } = aRelease(by, version, [agentFile(program), missing]);
  writeFileSync(join(folder, 'manifest.json'), manifest);
  writeFileSync(join(folder, 'manifest.json.sig'), `${signature}\n`);
  writeFileSync(join(folder, agentFile(program).name), content);
  return folder;
}
const open = (...folders: string[]) =>
  createAgentReleases({ folders, keys: [signer.key], log: createRememberingLog() });

describe('releases with agents', () => {
  it('are read with the files that are there, the newest of all folders', async () => {
    const releases = open(join(root, 'none'), put('old', '1.1.0'), put('new', '1.10.0'), put('mid', '1.9.0'));
    const release = await releases.read(signal);
    expect(release?.version).toBe('1.10.0');
    expect(release?.files.map(({ os }) => os)).toEqual(['linux']);
    const [file] = release?.files ?? [];
    if (file === undefined) throw new Error('no file');
    expect(Buffer.from(await releases.part(file, 0, 10, signal)).toString()).toBe('the progra');
    expect(Buffer.from(await releases.part(file, 20, 10, signal)).toString()).toBe('ent');
  });

  it('are not used if somebody else signed them, or a file is another one', async () => {
    expect(await open(put('foreign', '1.1.0', createSigner())).read(signal)).toBeNull();
    expect(
      await open(put('changed', '1.1.0', signer, Buffer.from('the program of an enemy'))).read(signal),
    ).toBeNull();
    expect(
      await open(put('longer', '1.1.0', signer, Buffer.concat([program, program]))).read(signal),
    ).toBeNull();
    expect(await open().read(signal)).toBeNull();
  });

  it('give nothing of a file that changed since', async () => {
    const folder = put('release', '1.1.0');
    const releases = open(folder);
    const [file] = (await releases.read(signal))?.files ?? [];
    if (file === undefined) throw new Error('no file');
    appendFileSync(join(folder, file.name), '!');
    await expect(releases.part(file, 0, 10, signal)).rejects.toMatchObject({ code: 'AGENT_RELEASE_GONE' });
    rmSync(folder, { recursive: true });
    await expect(releases.part(file, 0, 10, signal)).rejects.toMatchObject({ code: 'AGENT_RELEASE_GONE' });
  });
});
