import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from '../../../electron/host/lock.ts';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

let folder = '';
let child: ChildProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-lock-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = null;
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that takes the lock and keeps it. */
async function lockElsewhere(): Promise<ChildProcess> {
  const module = fileURLToPath(new URL('../../../electron/host/lock.ts', import.meta.url));
  const program = `
    const { tryLock } = await import(${JSON.stringify(module)});
    globalThis.lock = tryLock(${JSON.stringify(folder)});
    console.log(globalThis.lock ? 'locked' : 'refused');
    setInterval(() => {}, 60_000);`;
  child = spawn(
    process.execPath,
    ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', program],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (child.stdout === null) throw new Error('The child has no output.');
  const [data] = await once(child.stdout, 'data');
  expect(String(data).trim()).toBe('locked');
  return child;
}

describe('the lock of a data folder', () => {
  it('is held once, and free again when it is released', () => {
    const lock = tryLock(folder);
    expect(lock).not.toBeNull();
    expect(tryLock(folder)).toBeNull();
    lock?.release();
    const again = tryLock(folder);
    expect(again).not.toBeNull();
    again?.release();
    expect(statSync(join(folder, 'core.lock')).mode & 0o777).toBe(0o600);
  });

  it('is held against other processes, and ends with its process, however that ends', async () => {
    const other = await lockElsewhere();
    expect(tryLock(folder)).toBeNull();
    const exited = once(other, 'exit');
    other.kill('SIGKILL');
    await exited;
    const lock = tryLock(folder);
    expect(lock).not.toBeNull();
    lock?.release();
  });

  it.each([
    ['damaged', 'x'.repeat(4096)],
    ['half written', 'SQLite format 3\0'],
    ['of another program', '4711 host-of-another-machine'],
  ])('is taken though the file is %s, and says so', async (_name, text) => {
    writeFileSync(join(folder, 'core.lock'), text);
    const lock = tryLock(folder);
    expect(lock?.repaired).toBe(true);
    expect(tryLock(folder)).toBeNull();
    lock?.release();
    const again = tryLock(folder);
    expect(again?.repaired).toBe(false);
    again?.release();
  });

  it('is taken where an empty folder has its name', () => {
    mkdirSync(join(folder, 'core.lock'));
    const lock = tryLock(folder);
    expect(lock?.repaired).toBe(true);
    lock?.release();
  });

  it('is not taken from a process that holds it, though the file was damaged meanwhile', async () => {
    const other = await lockElsewhere();
    writeFileSync(join(folder, 'core.lock'), 'x'.repeat(4096));
    expect(tryLock(folder)).toBeNull();
    const exited = once(other, 'exit');
    other.kill('SIGKILL');
    await exited;
    const lock = tryLock(folder);
    expect(lock?.repaired).toBe(true);
    lock?.release();
  });

  it('keeps a folder in its place aside', () => {
    mkdirSync(join(folder, 'core.lock', 'full'), { recursive: true });
    const lock = tryLock(folder);
    expect(lock).toMatchObject({ repaired: true, keptAs: join(folder, 'core.lock.corrupt-1') });
    expect(tryLock(folder)).toBeNull();
    lock?.release();
  });
});
