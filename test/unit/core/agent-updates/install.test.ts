import { beforeEach, describe, expect, it } from 'vitest';
import {
  createAgentInstallService,
  INSTALL_LINK_MS,
} from '../../../../electron/core/agent-updates/install.ts';
import type { AgentRelease } from '../../../../electron/core/ports/agent-releases.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { UpdateFile } from '../../../../shared/models/update-manifest.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { agentFile } from '../../../fakes/releases.ts';

const program = Buffer.alloc(1_200_000, 'p');
const { signal } = new AbortController();
const linux = { os: 'linux', arch: 'x64', address: '192.0.2.10' } as const;

function createWorld() {
  const clock = createFakeClock();
  const world = {
    clock,
    release: {
      version: '1.2.0',
      files: [
        agentFile(program),
        agentFile(program, { name: 'pilotlight-agent-win32-x64.exe', os: 'win32' }),
        agentFile(program, { name: 'pilotlight.AppImage', kind: 'app', form: 'appimage' }),
      ],
      ...{ manifest: '', signature: '' },
    } as AgentRelease | null,
    /** Names of files that are not as they were signed. */
    changed: new Set<string>(),
    sha256: 'aa',
    ended: new Set<string>(),
    address: null as string | null,
    open: [{ address: '192.0.2.10', url: 'https://192.0.2.10:8790' }],
  };
  const intact = (file: UpdateFile) => {
    if (world.changed.has(file.name)) throw new PilotlightError('AGENT_RELEASE_GONE');
  };
  const service = createAgentInstallService({
    ports: {
      clock,
      agentReleases: {
        read: async () => world.release,
        async local(file) {
          intact(file);
          return { path: `/agents/${file.name}`, sha256: world.sha256 };
        },
        async part(file, from, bytes) {
          intact(file);
          return program.subarray(from, from + bytes);
        },
      },
      updates: { address: 'https://build.test' },
    },
    access: { find: (id) => (world.ended.has(id) ? null : ({} as never)) },
    settings: { current: () => ({ updates: { address: world.address } }) },
    network: {
      view: () => ({ open: world.open, wish: {} as never, choices: [], problems: [], fingerprint: null }),
    },
  });
  const queryOf = (url: string) => Object.fromEntries(new URL(url).searchParams);
  const link = async (credentialId: string | null = null) =>
    queryOf((await service.link(linux, credentialId, signal)).url);
  return { world, service, link };
}

let made: ReturnType<typeof createWorld>;
beforeEach(() => {
  made = createWorld();
});
const refused = (code: string) => expect.objectContaining({ code });

describe('the files that can be installed', () => {
  it('are those of agents which are as they were signed', async () => {
    const { service, world } = made;
    expect((await service.view(signal)).files.map(({ os, version }) => [os, version])).toEqual([
      ['linux', '1.2.0'],
      ['win32', '1.2.0'],
    ]);
    world.changed.add('pilotlight-agent-linux-x64');
    expect((await service.view(signal)).files.map(({ os }) => os)).toEqual(['win32']);
    await expect(service.link(linux, null, signal)).rejects.toEqual(refused('NO_AGENT_RELEASE'));
    world.release = null;
    expect((await service.view(signal)).files).toEqual([]);
  });

  it('come from the address of the settings before that of the build', async () => {
    const { service, world } = made;
    expect((await service.view(signal)).releases).toBe('https://build.test');
    world.address = 'https://own.test';
    expect((await service.view(signal)).releases).toBe('https://own.test');
  });
});

describe('a link to a file', () => {
  it('begins a download until it expires, and one that has begun may end later', async () => {
    const { service, world, link } = made;
    const { url, expiresAt, sha256 } = await service.link(linux, null, signal);
    expect(url.startsWith('https://192.0.2.10:8790/api/agent-file?')).toBe(true);
    expect([expiresAt, sha256]).toEqual([world.clock.now() + INSTALL_LINK_MS, 'aa']);
    const [late, early] = [await link(), await link()];
    await world.clock.advance(INSTALL_LINK_MS - 1);
    const download = await service.open(early, signal);
    await world.clock.advance(1);
    await expect(service.open(late, signal)).rejects.toEqual(refused('LINK_EXPIRED'));
    const parts: Uint8Array[] = [];
    for await (const part of download.content(signal)) parts.push(part);
    expect(Buffer.concat(parts).equals(program)).toBe(true);
    download.end(true);
    await expect(service.open(early, signal)).rejects.toEqual(refused('LINK_EXPIRED'));
  });

  it('is for one download at a time, from the moment that one begins', async () => {
    const { service, link } = made;
    const query = await link();
    const both = await Promise.allSettled([service.open(query, signal), service.open(query, signal)]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'AGENT_LINK_USED' } });
    if (both[0].status === 'fulfilled') both[0].value.end(false);
    const again = await service.open(query, signal);
    await expect(service.check(query, signal)).rejects.toEqual(refused('AGENT_LINK_USED'));
    again.end(true);
    await expect(service.open(query, signal)).rejects.toEqual(refused('AGENT_LINK_USED'));
  });

  it('stays used while others expire', async () => {
    const { service, world, link } = made;
    const first = await link();
    (await service.open(first, signal)).end(true);
    await world.clock.advance(INSTALL_LINK_MS / 2);
    const second = await link();
    (await service.open(second, signal)).end(true);
    await world.clock.advance(INSTALL_LINK_MS / 2);
    (await service.open(await link(), signal)).end(true);
    await expect(service.open(second, signal)).rejects.toEqual(refused('AGENT_LINK_USED'));
    await expect(service.open(first, signal)).rejects.toEqual(refused('LINK_EXPIRED'));
  });

  it('gives no file that changed since, not even in the middle of a download', async () => {
    const { service, world, link } = made;
    const query = await link();
    world.sha256 = 'bb';
    await expect(service.open(query, signal)).rejects.toEqual(refused('AGENT_RELEASE_GONE'));
    world.sha256 = 'aa';
    const parts = (await service.open(query, signal)).content(signal)[Symbol.asyncIterator]();
    expect((await parts.next()).value?.length).toBeGreaterThan(0);
    world.changed.add('pilotlight-agent-linux-x64');
    await expect(parts.next()).rejects.toEqual(refused('AGENT_RELEASE_GONE'));
  });

  it('ends with the credential of whoever made it, and with the core', async () => {
    const { service, world, link } = made;
    const query = await link('session-1');
    expect(await service.check(query, signal)).toMatchObject({ sizeBytes: program.length });
    await expect(createWorld().service.open(query, signal)).rejects.toEqual(refused('FORBIDDEN'));
    world.ended.add('session-1');
    await expect(service.open(query, signal)).rejects.toEqual(refused('FORBIDDEN'));
    await expect(service.check(query, signal)).rejects.toEqual(refused('FORBIDDEN'));
  });

  it('is for an address at which the panel is open', async () => {
    const { service, world } = made;
    world.open = [];
    await expect(service.link(linux, null, signal)).rejects.toEqual(refused('NOT_FOUND'));
  });
});
