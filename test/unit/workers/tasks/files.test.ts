/** Files of the worker: its folder, its id, and the folder that it shares. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeWorkerId } from '../../../../electron/workers/tasks/command-line/worker-id.ts';
import { openScratch } from '../../../../electron/workers/tasks/files/scratch.ts';
import { readSharedProof, resolveShared } from '../../../../electron/workers/tasks/files/shared-folder.ts';
import { SHARED_PROOF_FILE } from '../../../../shared/contract/task-worker.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-worker-files-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the shared folder', () => {
  beforeEach(() => {
    mkdirSync(join(root, 'shared', 'deep'), { recursive: true });
    mkdirSync(join(root, 'shared-private'));
    writeFileSync(join(root, 'secret.txt'), 'outside');
    writeFileSync(join(root, 'shared-private', 'a.txt'), 'outside');
    writeFileSync(join(root, 'shared', 'deep', 'a.txt'), 'inside');
    symlinkSync(join(root, 'secret.txt'), join(root, 'shared', 'link.txt'));
    symlinkSync(join(root, 'shared-private'), join(root, 'shared', 'out'));
    symlinkSync(join(root, 'shared', 'deep'), join(root, 'shared', 'in'));
  });
  const resolve = (path: string) => resolveShared(join(root, 'shared'), path);

  it('has what is in it, also through a link inside', async () => {
    expect(await resolve('deep/a.txt')).toBe(join(root, 'shared', 'deep', 'a.txt'));
    expect(await resolve('in/a.txt')).toBe(join(root, 'shared', 'deep', 'a.txt'));
  });

  it.each([
    '../secret.txt',
    'deep/../../secret.txt',
    'link.txt',
    'out/a.txt',
    '/etc/passwd',
    './deep/a.txt',
    '',
    'a\0b',
  ])('refuses %j', async (path) => {
    await expect(resolve(path)).rejects.toMatchObject({ code: 'FILE_OUTSIDE_FOLDER' });
  });

  it.each(['none.txt', 'deep'])('does not have %j as a file', async (path) => {
    await expect(resolve(path)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is proved by a short file, and by nothing else', async () => {
    const folder = join(root, 'shared');
    expect(await readSharedProof(folder)).toBeNull();
    writeFileSync(join(folder, SHARED_PROOF_FILE), ' proof\n');
    expect(await readSharedProof(folder)).toBe('proof');
    writeFileSync(join(folder, SHARED_PROOF_FILE), 'x'.repeat(201));
    expect(await readSharedProof(folder)).toBeNull();
    writeFileSync(join(folder, SHARED_PROOF_FILE), '\n');
    expect(await readSharedProof(folder)).toBeNull();
  });
});

describe('the folder for files of tasks', () => {
  it('has one for each task, and leaves nothing', async () => {
    const scratch = openScratch(root);
    {
      await using one = await scratch.open();
      await using two = await scratch.open();
      expect(one.path).not.toBe(two.path);
      writeFileSync(join(one.path, 'input'), 'x');
    }
    expect(readdirSync(join(root, readdirSync(root)[0] as string))).toEqual([]);
    scratch.remove();
    expect(readdirSync(root)).toEqual([]);
  });

  it('deletes that of a worker that has ended, and no other', () => {
    // No process has this id on any system that this runs on.
    const dead = join(root, 'pilotlight-tasks-2147483646-abc');
    const others = ['pilotlight-tasks-1-abc', 'pilotlight-tasks-x', 'holiday'].map((name) =>
      join(root, name),
    );
    for (const path of [dead, ...others]) mkdirSync(path);
    openScratch(root).remove();
    expect(existsSync(dead)).toBe(false);
    expect(others.every((path) => existsSync(path))).toBe(true);
  });
});

describe('the id of a worker that was started by hand', () => {
  const who = { hostname: 'tower', name: 'one' };
  const take = (pid: number, running: number[] = [], more = who) =>
    takeWorkerId(more, { folder: root, pid, runs: (id) => running.includes(id) });

  it('is the same after a restart, and another one for another name', () => {
    const id = take(11);
    expect(take(12)).toBe(id);
    expect(take(13, [], { ...who, name: 'two' })).not.toBe(id);
    expect(id).toMatch(/^worker-[0-9a-f]{12}$/);
  });

  it('is another one while the first one still runs', () => {
    const id = take(11);
    expect(take(12, [11])).toBe(`${id}-2`);
    expect(take(13, [11, 12])).toBe(`${id}-3`);
    expect(take(14, [12])).toBe(id);
  });
});
