import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchRuntime } from '../../../build/lib/runtime.mjs';
import { createTarball } from '../../fakes/tarball.ts';

const onWindows = process.platform === 'win32';

describe.skipIf(onWindows)('fetchRuntime', () => {
  let runtimes: string;

  beforeEach(() => {
    runtimes = mkdtempSync(join(tmpdir(), 'pilotlight-runtime-'));
  });

  afterEach(() => {
    rmSync(runtimes, { recursive: true, force: true });
  });

  // A script that answers as Node does, so that the real check of "does it start here" runs.
  const nodeSaying = (version: string) => `#!/bin/sh\necho ${version}\n`;

  const packageWith = (binary: string) =>
    createTarball([
      { name: 'package/package.json', content: '{}' },
      { name: 'package/LICENSE', content: 'the licence' },
      { name: 'package/bin/node', content: binary },
      { name: 'package/../escape', content: 'never written' },
    ]);

  const choiceFor = (content: Buffer) => {
    const folder = join(runtimes, 'node-24.21.0');
    return {
      node: join(folder, 'bin/node'),
      folder,
      package: {
        name: 'node-test',
        version: '24.21.0',
        integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
        bytes: content.length,
        binary: 'bin/node',
      },
    };
  };

  it('unpacks a verified package and keeps its licence', async () => {
    const content = packageWith(nodeSaying('v24.21.0'));
    const choice = choiceFor(content);
    const node = await fetchRuntime({ choice, runtimes, download: async () => content });
    expect(node).toBe(choice.node);
    expect(readFileSync(node, 'utf8')).toBe(nodeSaying('v24.21.0'));
    expect(readFileSync(join(choice.folder, 'LICENSE'), 'utf8')).toBe('the licence');
    expect(readdirSync(runtimes)).toEqual(['node-24.21.0']);
  });

  it('deletes what killed downloads left, and nothing else', async () => {
    const content = packageWith(nodeSaying('v24.21.0'));
    // No process has the largest id.
    const dead = 2 ** 22 + 1;
    const kept = [`.unpack-${process.ppid}-0123abcd`, '.unpack-x-0123abcd', `.unpack-${dead}-0123abcd.bak`];
    for (const name of [`.unpack-${dead}-0123abcd`, ...kept])
      mkdirSync(join(runtimes, name, 'download'), { recursive: true });
    mkdirSync(join(runtimes, 'precious'));
    symlinkSync(join(runtimes, 'precious'), join(runtimes, `.unpack-${dead}-89abcdef`));
    await fetchRuntime({ choice: choiceFor(content), runtimes, download: async () => content });
    expect(readdirSync(runtimes).sort()).toEqual(
      [...kept, `.unpack-${dead}-89abcdef`, 'node-24.21.0', 'precious'].sort(),
    );
  });

  it('refuses a package with another hash and leaves nothing behind', async () => {
    const choice = choiceFor(packageWith(nodeSaying('v24.21.0')));
    const other = packageWith(nodeSaying('v99.0.0'));
    await expect(fetchRuntime({ choice, runtimes, download: async () => other })).rejects.toMatchObject({
      code: 'SETUP_NODE_INTEGRITY',
    });
    expect(readdirSync(runtimes)).toEqual([]);
  });

  it('refuses a package without the binary', async () => {
    const content = createTarball([{ name: 'package/LICENSE', content: 'the licence' }]);
    const choice = choiceFor(content);
    await expect(fetchRuntime({ choice, runtimes, download: async () => content })).rejects.toMatchObject({
      code: 'SETUP_NODE_DOWNLOAD',
    });
    expect(readdirSync(runtimes)).toEqual([]);
  });

  it.each([
    ['does not start', '#!/bin/sh\nexit 1\n'],
    ['is older than it says', nodeSaying('v18.0.0')],
  ])('refuses a binary that %s', async (_, binary) => {
    const content = packageWith(binary);
    const choice = choiceFor(content);
    await expect(fetchRuntime({ choice, runtimes, download: async () => content })).rejects.toMatchObject({
      code: 'SETUP_NODE_UNUSABLE',
    });
    expect(existsSync(choice.folder)).toBe(false);
  });

  it('leaves nothing behind when the download fails', async () => {
    const choice = choiceFor(packageWith(nodeSaying('v24.21.0')));
    const download = async (_: unknown, folder: string) => {
      writeFileSync(join(folder, 'half.tgz'), 'half');
      throw new Error('the line went dead');
    };
    await expect(fetchRuntime({ choice, runtimes, download })).rejects.toThrow('the line went dead');
    expect(readdirSync(runtimes)).toEqual([]);
  });

  it('says that the disk is full', async () => {
    const choice = choiceFor(packageWith(nodeSaying('v24.21.0')));
    const download = async () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    await expect(fetchRuntime({ choice, runtimes, download })).rejects.toMatchObject({
      code: 'SETUP_DISK_FULL',
    });
  });

  it('lets two at once end with one whole folder', async () => {
    const content = packageWith(nodeSaying('v24.21.0'));
    const choice = choiceFor(content);
    const options = { choice, runtimes, download: async () => content };
    const [one, two] = await Promise.all([fetchRuntime(options), fetchRuntime(options)]);
    expect(one).toBe(two);
    expect(readdirSync(runtimes)).toEqual(['node-24.21.0']);
    expect(readFileSync(one, 'utf8')).toBe(nodeSaying('v24.21.0'));
  });
});
