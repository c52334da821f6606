import { describe, expect, it } from 'vitest';
import { chromiumCandidates, chromiumFlags } from '../../../build/lib/chromium.mjs';
import { isDebianLike } from '../../../build/lib/tools.mjs';

describe('isDebianLike', () => {
  it.each([
    ['PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n', true],
    ['ID=ubuntu\nID_LIKE=debian\n', true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
    ['ID=fedora\nID_LIKE="rhel"\n', false],
    ['NAME="not debian"\nID=alpine\n', false],
    ['', false],
  ])('%j → %s', (text, expected) => {
    expect(isDebianLike(text)).toBe(expected);
  });
});

describe('chromiumFlags', () => {
  it('leaves the sandbox on, except for root', () => {
    expect(chromiumFlags({ isRoot: false })).not.toContain('--no-sandbox');
    expect(chromiumFlags({ isRoot: true })).toContain('--no-sandbox');
  });

  it('keeps Chromium from calling home', () => {
    expect(chromiumFlags({ isRoot: false })).toEqual(
      expect.arrayContaining([
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ]),
    );
  });
});

describe('chromiumCandidates', () => {
  it('looks where macOS and Windows keep programs', () => {
    expect(chromiumCandidates({ env: {}, platform: 'darwin' })[0]).toMatch(/Chromium\.app/);
    const env = { ProgramFiles: 'C:\\Program Files' };
    expect(chromiumCandidates({ env, platform: 'win32' })).toHaveLength(1);
  });

  it('finds nothing in an empty PATH', () => {
    expect(chromiumCandidates({ env: { PATH: '' }, platform: 'linux' })).toEqual([]);
  });
});
