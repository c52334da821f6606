// @ts-check

/**
 * The Redis or Valkey that the queue of tasks is tested with. On Debian it is extracted from its packages, with the
 * libraries that they need, without installing them: the package would start a server for the whole computer.
 */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sweepWorkFolders } from './leftovers.mjs';
import { runCaptured } from './process.mjs';
import { aptDownload, firstThatRuns, onDebian, searchPath } from './tools.mjs';

const fix = 'Tasks in Redis are not tested: install redis-server or valkey-server, or set REDIS_SERVER_PATH.';

/** Starts the program with the libraries beside it; the process stays the same. */
const starter = `#!/bin/sh
here=$(dirname -- "$0")
LD_LIBRARY_PATH="$here/lib" exec "$here/redis-server.bin" "$@"
`;

/**
 * @param {{ cache: string, mayInstall: boolean, say: (sentence: string) => void }} options
 * @returns {Promise<{ path: string } | { fix: string }>}
 */
export async function findRedisServer({ cache, mayInstall, say }) {
  const folder = join(cache, 'tools', 'redis');
  const own = join(folder, 'redis-server');
  const named = process.env.REDIS_SERVER_PATH;
  const present = await firstThatRuns([
    ...(named === undefined || named === '' ? [] : [named]),
    ...searchPath(['redis-server', 'valkey-server'], process.env.PATH ?? ''),
    own,
  ]);
  if (present !== undefined) return { path: present };
  if (mayInstall && onDebian()) {
    say('Extracting redis-server from Debian’s packages for the tests of tasks in Redis.');
    await unpackRedis(join(cache, 'tools'), folder);
    if ((await firstThatRuns([own])) !== undefined) return { path: own };
  }
  return { fix };
}

/**
 * The names of the libraries in a package's field `Depends`, without the C library, which is the system's own.
 * @param {string} depends
 * @returns {string[]}
 */
export function librariesOf(depends) {
  return depends
    .split(/[,|]/)
    .map((entry) => entry.trim().split(/[\s(:]/)[0] ?? '')
    .filter((name) => /^lib[a-z0-9]/.test(name) && name !== 'libc6');
}

/**
 * @param {string} tools
 * @param {string} target
 */
async function unpackRedis(tools, target) {
  mkdirSync(tools, { recursive: true });
  sweepWorkFolders(tools, /^unpack-(\d{1,10})-\w{6}$/);
  const work = mkdtempSync(join(tools, `unpack-${process.pid}-`));
  try {
    // The server's program is in the package of its tools, under a second name.
    const [archive] = await aptDownload(['redis-tools'], work, { refresh: true });
    if (archive === undefined) return;
    const { tail } = await runCaptured('dpkg-deb', ['-f', archive, 'Depends']);
    const libraries = await aptDownload(librariesOf(tail), work);
    const content = join(work, 'content');
    for (const file of [archive, ...libraries]) await runCaptured('dpkg-deb', ['-x', file, content]);
    const made = join(work, 'redis');
    mkdirSync(join(made, 'lib'), { recursive: true });
    renameSync(join(content, 'usr', 'bin', 'redis-check-rdb'), join(made, 'redis-check-rdb'));
    // It is the server if its name says so.
    symlinkSync('redis-check-rdb', join(made, 'redis-server.bin'));
    for (const entry of readdirSync(content, { recursive: true, withFileTypes: true })) {
      if (/^lib.*\.so\.[\d.]+$/.test(entry.name) && !entry.isDirectory())
        renameSync(join(entry.parentPath, entry.name), join(made, 'lib', entry.name));
    }
    writeFileSync(join(made, 'redis-server'), starter);
    chmodSync(join(made, 'redis-server'), 0o755);
    rmSync(target, { recursive: true, force: true });
    renameSync(made, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
