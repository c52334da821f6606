import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../fakes/full-disk.ts', import.meta.url));

/** A small disk of its own, in a mount namespace of its own; null where this user may not make one. */
function whyNot(folder: string): string | null {
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], {
      stdio: 'pipe',
    });
    return null;
  } catch (error) {
    return `no disk of its own can be mounted here: ${String(error).split('\n')[0]}`;
  }
}

it('a job that ends while the disk is full has ended, and is saved when there is room', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-full-'));
  try {
    const reason = whyNot(folder);
    if (reason !== null && process.env.CI === undefined) context.skip(reason);
    expect(reason).toBeNull();
    const { stdout } = await promisify(execFile)('unshare', [
      '-m',
      'sh',
      '-c',
      'mount -t tmpfs -o size=8m tmpfs "$1" && exec "$2" --disable-warning=ExperimentalWarning "$3" "$1"',
      'sh',
      folder,
      process.execPath,
      script,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      shown: 'completed',
      unfinished: 0,
      saved: 'running',
      trouble: 'DISK_FULL',
      begun: 'DISK_FULL',
      savedLater: 'completed',
      left: 0,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('a backup, a restore, a download and a replaced program without room change nothing', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-full-'));
  const elsewhere = mkdtempSync(join(tmpdir(), 'pilotlight-elsewhere-'));
  try {
    const reason = whyNot(folder);
    if (reason !== null && process.env.CI === undefined) context.skip(reason);
    expect(reason).toBeNull();
    const { stdout } = await promisify(execFile)('unshare', [
      '-m',
      'sh',
      '-c',
      'mount -t tmpfs -o size=5m tmpfs "$1" && exec "$2" --disable-warning=ExperimentalWarning "$3" "$1" "$4"',
      'sh',
      folder,
      process.execPath,
      fileURLToPath(new URL('../../fakes/full-disk-updates.ts', import.meta.url)),
      elsewhere,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      codes: { backup: 'DISK_FULL', restore: 'DISK_FULL', download: 'DISK_FULL', replaced: 'DISK_FULL' },
      unchanged: [true, true, true, true],
      program: 'old',
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(elsewhere, { recursive: true, force: true });
  }
});
