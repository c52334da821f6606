/** A release that a panel sends to the running agent: all the ways in which it may be wrong. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentLink } from '../../../electron/adapters/agents/agent-link.ts';
import { createNodeHttp } from '../../../electron/adapters/network/http.ts';
import { openUpdateStore } from '../../../electron/agent/update/store.ts';
import { UPDATE_PART_BYTES } from '../../../shared/contract/agent/update.ts';
import type { UpdateFile, UpdateManifest } from '../../../shared/models/update-manifest.ts';
import { agentFile, aRelease, createSigner } from '../../fakes/releases.ts';
import { createWorld } from './world.ts';

const signer = createSigner();
const program = Buffer.alloc(UPDATE_PART_BYTES + 1000, 'x');
const http = createNodeHttp();
const signal = AbortSignal.timeout(50_000);
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-updates-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const release = (
  version: string,
  file: Partial<UpdateFile> = {},
  changes: Partial<UpdateManifest> = {},
  bytes: Uint8Array = program,
) => aRelease(signer, version, [agentFile(bytes, file)], changes);

async function open(config: Record<string, unknown> = {}) {
  const store = openUpdateStore({
    folder: join(folder, 'updates'),
    keys: [signer.key],
    os: 'linux',
    arch: 'x64',
  });
  const started: string[] = [];
  const world = await createWorld({
    config,
    update: {
      way: 'panel',
      os: 'linux',
      arch: 'x64',
      store,
      installed: '1.2.3',
      start: ({ version }) => void started.push(version),
    },
  });
  const link = createAgentLink({ http, url: `http://127.0.0.1:${world.port()}`, token: world.token });
  return { world, link, store, started };
}

async function send(link: Awaited<ReturnType<typeof open>>['link'], bytes: Uint8Array = program) {
  let state = null;
  for (let from = 0; from < bytes.length; from += UPDATE_PART_BYTES)
    state = await link.putUpdatePart(from, bytes.subarray(from, from + UPDATE_PART_BYTES), signal);
  return state;
}

describe('an update', () => {
  it('is verified, taken in parts, and started', async () => {
    const { world, link, store, started } = await open();
    await using _ = world;
    expect(await link.update(signal)).toMatchObject({
      version: '1.2.3',
      way: 'panel',
      state: 'idle',
      next: null,
    });
    expect(await link.offerUpdate(release('1.3.0'), signal)).toMatchObject({
      state: 'receiving',
      next: { version: '1.3.0', size: program.length, received: 0 },
    });
    await expect(link.startUpdate('1.3.0', 'test', signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_NOT_READY',
    });
    expect(await send(link)).toMatchObject({ state: 'ready', next: { received: program.length } });
    expect(readFileSync(store.pathOf({ name: 'pilotlight-agent-1_3_0' })).equals(program)).toBe(true);
    expect(await link.startUpdate('1.3.0', 'test', signal)).toMatchObject({ state: 'starting' });
    expect(started).toEqual(['1.3.0']);
    // Once is enough.
    await expect(link.startUpdate('1.3.0', 'test', signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_OUT_OF_STEP',
    });
  });

  it.each([
    [
      'a signature of somebody else',
      () => aRelease(createSigner(), '1.3.0', [agentFile(program)]),
      'AGENT_UPDATE_NOT_SIGNED',
    ],
    [
      'a changed manifest',
      () => ({ ...release('1.3.0'), manifest: release('1.4.0').manifest }),
      'AGENT_UPDATE_NOT_SIGNED',
    ],
    ['no signature', () => ({ ...release('1.3.0'), signature: 'none' }), 'AGENT_UPDATE_NOT_SIGNED'],
    ['a newer format', () => release('1.3.0', {}, { formatVersion: 2 as 1 }), 'AGENT_UPDATE_UNREADABLE'],
    ['an older version', () => release('1.2.2'), 'AGENT_UPDATE_NOT_NEWER'],
    ['the same version', () => release('1.2.3'), 'AGENT_UPDATE_NOT_NEWER'],
    ['another system', () => release('1.3.0', { os: 'darwin' }), 'AGENT_UPDATE_NOT_FOR_THIS'],
    ['another processor', () => release('1.3.0', { arch: 'arm64' }), 'AGENT_UPDATE_NOT_FOR_THIS'],
    ['another kind of program', () => release('1.3.0', { kind: 'app' }), 'AGENT_UPDATE_NOT_FOR_THIS'],
    [
      'a version between',
      () => release('1.3.0', {}, { minimumVersion: '1.2.9' }),
      'AGENT_UPDATE_NOT_FOR_THIS',
    ],
    ['a preview', () => release('1.3.0-beta.1', {}, { channel: 'beta' }), 'AGENT_UPDATE_NOT_FOR_THIS'],
  ])('is refused with %s', async (_name, make, code) => {
    const { world, link, store } = await open();
    await using _ = world;
    await expect(link.offerUpdate(make(), signal)).rejects.toMatchObject({ code });
    expect(await link.update(signal)).toMatchObject({ state: 'idle', next: null });
    expect(existsSync(store.folder)).toBe(false);
  });

  it('is thrown away when the file is another one', async () => {
    const { world, link, store } = await open();
    await using _ = world;
    await link.offerUpdate(release('1.3.0'), signal);
    const other = Buffer.from(program);
    other[100] = 1;
    await expect(send(link, other)).rejects.toMatchObject({ code: 'AGENT_UPDATE_DAMAGED' });
    expect(readdirSync(store.folder)).toEqual([]);
    expect(await link.update(signal)).toMatchObject({ state: 'idle' });
  });

  it('takes parts in order and never more than the file has', async () => {
    const { world, link } = await open();
    await using _ = world;
    const part = program.subarray(0, 10);
    await expect(link.putUpdatePart(0, part, signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_OUT_OF_STEP',
    });
    await link.offerUpdate(release('1.3.0', {}, {}, part), signal);
    await expect(link.putUpdatePart(5, part, signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_OUT_OF_STEP',
    });
    await expect(link.putUpdatePart(0, program.subarray(0, 11), signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_OUT_OF_STEP',
    });
    await link.putUpdatePart(0, part.subarray(0, 4), signal);
    // A panel that was cut off asks how far it was.
    expect(await link.offerUpdate(release('1.3.0', {}, {}, part), signal)).toMatchObject({
      next: { received: 4 },
    });
    expect(await link.putUpdatePart(4, part.subarray(4), signal)).toMatchObject({ state: 'ready' });
    expect(await link.dropUpdate(signal)).toMatchObject({ state: 'idle', next: null });
  });

  it('waits while there is a lease, or a power action', async () => {
    const { world, link, started } = await open();
    await using _ = world;
    await link.offerUpdate(release('1.3.0'), signal);
    await send(link);
    await link.putLease({ id: 'job', holder: 'Ann', purpose: 'index of Notes', ttlSeconds: 60 }, signal);
    expect((await link.update(signal))?.busy).toEqual([
      { code: 'LEASE', message: 'Ann needs it: index of Notes.' },
    ]);
    await expect(link.startUpdate('1.3.0', 'test', signal)).rejects.toMatchObject({ code: 'IN_USE' });
    await link.endLease('job', signal);
    await link.powerOff({ action: 'sleep', countdownSeconds: 60, force: false, by: 'test' }, signal);
    await expect(link.startUpdate('1.3.0', 'test', signal)).rejects.toMatchObject({ code: 'IN_USE' });
    await link.cancelPowerOff('test', signal);
    expect(started).toEqual([]);
    await link.startUpdate('1.3.0', 'test', signal);
    expect(started).toEqual(['1.3.0']);
  });

  it('is not started once its file was changed on the disk', async () => {
    const { world, link, store, started } = await open();
    await using _ = world;
    await link.offerUpdate(release('1.3.0'), signal);
    await send(link);
    rmSync(store.pathOf({ name: 'pilotlight-agent-1_3_0' }));
    await expect(link.startUpdate('1.3.0', 'test', signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_DAMAGED',
    });
    expect(started).toEqual([]);
  });

  it('is not for an agent that something else updates', async () => {
    await using world = await createWorld();
    const link = createAgentLink({ http, url: `http://127.0.0.1:${world.port()}`, token: world.token });
    expect(await link.update(signal)).toMatchObject({ way: 'host', state: 'idle' });
    await expect(link.offerUpdate(release('9.0.0'), signal)).rejects.toMatchObject({
      code: 'AGENT_UPDATE_NOT_HERE',
    });
  });

  it('needs the token', async () => {
    const { world } = await open();
    await using _ = world;
    const stranger = createAgentLink({
      http,
      url: `http://127.0.0.1:${world.port()}`,
      token: 'a-wrong-token',
    });
    await expect(stranger.offerUpdate(release('1.3.0'), signal)).rejects.toMatchObject({
      code: 'AGENT_REFUSED',
    });
  });
});
