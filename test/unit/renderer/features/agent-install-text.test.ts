import { describe, expect, it } from 'vitest';
import {
  aboutSource,
  needsLink,
  processorNames,
  reachable,
  readTarget,
  rememberTarget,
  sourceFor,
  whereTyped,
} from '../../../../renderer/features/agents/install-text.ts';
import { installCommands } from '../../../../shared/agent-install-commands.ts';
import type { AgentInstall } from '../../../../shared/models/agent-install.ts';

const file = {
  ...({ os: 'linux', arch: 'x64', name: 'pilotlight-agent-linux-x64', version: '1.2.0' } as const),
  ...{ sizeBytes: 109_000_000, sha256: 'ab', path: '/agents/pilotlight-agent-linux-x64' },
};
const linux = { os: 'linux', arch: 'x64' } as const;
const known = (patch: Partial<AgentInstall> = {}): AgentInstall => ({
  ...{ files: [file], addresses: [{ address: '192.0.2.1', url: 'http://192.0.2.1:8790' }], releases: null },
  ...patch,
});
const link = {
  url: 'http://192.0.2.1:8790/api/agent-file?id=1',
  name: file.name,
  sha256: 'cd',
  expiresAt: 1,
};

describe('where the file of an agent comes from', () => {
  it('is the panel, once there is a link, if the machine can reach it', () => {
    expect(needsLink(known(), linux)).toBe(true);
    expect(sourceFor(known(), linux, null)).toBeNull();
    expect(sourceFor(known(), linux, link)).toEqual({
      ...{ from: 'link', url: link.url, name: file.name, sha256: 'cd' },
    });
  });

  it('is this computer if the panel only listens here', () => {
    const closed = known({ addresses: [] });
    expect(needsLink(closed, linux)).toBe(false);
    expect(sourceFor(closed, linux, null)).toEqual({
      ...{ from: 'copy', path: file.path, name: file.name, sha256: 'ab' },
    });
  });

  it('is this computer if only a proxy here reaches the panel', () => {
    const own = ['127.0.0.1', '127.0.0.2', '::1'].map((address) => ({ address, url: `http://${address}` }));
    const proxied = known({ addresses: own });
    expect(needsLink(proxied, linux)).toBe(false);
    expect(sourceFor(proxied, linux, null)?.from).toBe('copy');
    const both = known({ addresses: [...own, ...known().addresses] });
    expect(reachable(both)).toEqual(known().addresses);
    expect(needsLink(both, linux)).toBe(true);
  });

  it('is the web or the source where there is no file for that system', () => {
    const windows = { os: 'win32', arch: 'x64' } as const;
    expect(needsLink(known(), windows)).toBe(false);
    expect(sourceFor(known(), windows, null)).toEqual({ from: 'source' });
    expect(sourceFor(known({ releases: 'https://r.test' }), windows, link)).toEqual({
      ...{ from: 'release', address: 'https://r.test' },
    });
    expect(sourceFor(known(), { os: 'linux', arch: 'arm64' }, null)).toEqual({ from: 'source' });
  });

  it('is said, with the version only where it is known', () => {
    const copy = sourceFor(known({ addresses: [] }), linux, null);
    expect(copy && aboutSource(copy, file)).toContain('version 1.2.0, 109 MB');
    expect(aboutSource({ from: 'source' }, null)).not.toContain('version');
  });
});

describe('the system of the machine', () => {
  const storage = (value: string | null) => ({ getItem: () => value });
  it('is the one that was chosen last, and Linux on x64 before', () => {
    let kept = '';
    rememberTarget({ os: 'darwin', arch: 'arm64' }, { setItem: (_, value) => (kept = value) });
    expect(readTarget(storage(kept))).toEqual({ os: 'darwin', arch: 'arm64' });
    for (const odd of [null, '', 'beos x64', 'linux', 'linux riscv', 'x64 linux'])
      expect(readTarget(storage(odd))).toEqual(linux);
  });

  it('does not need the storage of the browser', () => {
    const closed = {
      getItem: () => {
        throw new Error('forbidden');
      },
      setItem: () => {
        throw new Error('full');
      },
    };
    expect(readTarget(closed)).toEqual(linux);
    expect(() => rememberTarget(linux, closed)).not.toThrow();
  });

  it('has the names of its processors', () => {
    expect(processorNames('darwin').arm64).not.toBe(processorNames('linux').arm64);
  });
});

it('each command says where it is typed', () => {
  const source = { from: 'copy', path: '/agent', name: 'agent', sha256: 'ab' } as const;
  const windows = installCommands({ os: 'win32', arch: 'x64', source, address: null });
  expect(windows.map((command) => whereTyped(command, 'win32', source))).toEqual([
    'on this computer',
    'on that machine, in PowerShell as administrator',
    'on that machine, in PowerShell as administrator; prints a code, valid for 10 minutes',
  ]);
  const [install] = installCommands({ os: 'linux', arch: 'x64', source: { from: 'source' }, address: null });
  expect(install && whereTyped(install, 'linux', { from: 'source' })).toContain('folder of Pilotlight');
});
