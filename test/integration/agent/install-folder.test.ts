/** An installation takes over no folder that belongs to something else, and changes the mode of none. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ExistingFolder,
  requireFittingFolder,
} from '../../../electron/agent/install/existing-folder.ts';
import { asRoot, stranger } from '../ownership/stranger.ts';

const me = process.getuid?.() ?? 0;
let base = '';
let folder = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-install-'));
  folder = join(base, 'agent');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const check = (options: Partial<ExistingFolder>) =>
  requireFittingFolder({
    platform: 'linux',
    folder,
    usual: '/var/lib/pilotlight-agent',
    user: 'pilotlight-agent',
    uidOf: () => me,
    ...options,
  });

describe.skipIf(process.platform === 'win32')('the folder of an agent that is to be installed', () => {
  it.each(['linux', 'darwin', 'win32'] as const)('need not exist on %s', async (platform) => {
    await check({ platform });
  });

  it.each(['linux', 'darwin'] as const)(
    'may belong to its user on %s, and keeps its mode',
    async (platform) => {
      mkdirSync(folder);
      chmodSync(folder, 0o750);
      await check({ platform });
      expect(statSync(folder).mode & 0o777).toBe(0o750);
    },
  );

  it('may not belong to anyone else on Linux, where systemd would hand it over', async () => {
    mkdirSync(folder);
    for (const uidOf of [() => null, () => stranger])
      await expect(check({ uidOf })).rejects.toMatchObject({ code: 'INSTALL_FAILED' });
    await check({ usual: folder, uidOf: () => null });
  });

  it('may not be one that others can change on macOS', async () => {
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    await expect(check({ platform: 'darwin' })).rejects.toMatchObject({
      code: 'UNSAFE_PERMISSIONS',
      next: expect.stringContaining(`chmod go-w ${folder}`),
    });
  });

  it.skipIf(!asRoot)('may not belong to another user on macOS', async () => {
    mkdirSync(folder);
    chownSync(folder, stranger, stranger);
    await expect(check({ platform: 'darwin', user: 'ann', uidOf: () => 1000 })).rejects.toMatchObject({
      code: 'UNSAFE_PERMISSIONS',
    });
    chownSync(base, 0, 0);
    await check({ platform: 'darwin', user: 'nobody', uidOf: () => stranger });
  });
});
