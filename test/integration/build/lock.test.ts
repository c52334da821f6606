import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, withLock } from '../../../build/lib/lock.mjs';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

const lockModule = new URL('../../../build/lib/lock.mjs', import.meta.url).href;
const quick = { heartbeatMs: 20, pollMs: 5, silentMs: 5_000 };

describe('withLock', () => {
  let folder: string;
  let file: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-lock-'));
    file = join(folder, 'set-up.lock');
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  function run(source: string): ChildProcess {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }

  it('lets processes in one after the other', async () => {
    const counter = join(folder, 'counter');
    writeFileSync(counter, '0');
    // Read, wait a turn, write: without the lock, increments get lost.
    const source = `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { setImmediate } from 'node:timers/promises';
      import { withLock } from '${lockModule}';
      for (let index = 0; index < 20; index += 1) {
        await withLock(${JSON.stringify(file)}, async () => {
          const value = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'));
          await setImmediate();
          writeFileSync(${JSON.stringify(counter)}, String(value + 1));
        }, { times: ${JSON.stringify(quick)} });
      }`;
    const codes = await Promise.all(
      [run(source), run(source), run(source)].map(async (child) => (await once(child, 'exit'))[0]),
    );
    expect(codes).toEqual([0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('60');
    expect(readdirSync(folder)).toEqual(['counter']);
  });

  it('is taken from a process that was killed', async () => {
    const child = run(`
      import { withLock } from '${lockModule}';
      await withLock(${JSON.stringify(file)}, () => {
        console.log('held');
        return new Promise(() => {});
      });`);
    expect(child.stdout).not.toBeNull();
    if (child.stdout === null) return;
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(file)).toBe(true);
    const result = await withLock(file, async () => 'mine', { times: quick });
    expect(result).toBe('mine');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is taken from a live process that does not touch it: the pid belongs to another program by now', async () => {
    writeFileSync(file, `${process.ppid} 0123`);
    const waitedFor: number[] = [];
    const result = await withLock(file, async () => 'mine', {
      times: { ...quick, silentMs: 50 },
      isAlive: () => true,
      onWait: (pid) => waitedFor.push(pid),
    });
    expect(result).toBe('mine');
    expect(waitedFor).toEqual([process.ppid]);
  });

  it('is waited for while the holder is at work', async () => {
    const release = await acquireLock(file, { times: quick });
    const order: string[] = [];
    let told = (_: number) => {};
    const waiting = new Promise<number>((resolve) => {
      told = resolve;
    });
    const second = withLock(file, async () => order.push('second'), { times: quick, onWait: told });
    expect(await waiting).toBe(process.pid);
    order.push('first');
    release();
    await second;
    expect(order).toEqual(['first', 'second']);
  });

  it('is given back when the work fails', async () => {
    const failing = withLock(file, async () => {
      throw new Error('no luck');
    });
    await expect(failing).rejects.toThrow('no luck');
    expect(existsSync(file)).toBe(false);
  });

  it('leaves a lock alone that another process took over', async () => {
    const release = await acquireLock(file, { times: quick });
    writeFileSync(file, '1 another');
    release();
    expect(readFileSync(file, 'utf8')).toBe('1 another');
  });

  it('is not taken from another machine whose process id means nothing here, while that one touches it', async () => {
    const holder = '999999999 0123 another-machine';
    writeFileSync(file, holder);
    const touching = setInterval(() => utimesSync(file, new Date(), new Date(Date.now())), 5);
    const waitedFor: number[] = [];
    let told = () => {};
    const waiting = new Promise<void>((resolve) => {
      told = resolve;
    });
    const second = acquireLock(file, {
      times: { ...quick, silentMs: 200 },
      onWait: (pid) => {
        waitedFor.push(pid);
        told();
      },
    });
    await waiting;
    expect(readFileSync(file, 'utf8')).toBe(holder);
    clearInterval(touching);
    // It has gone silent: now it is taken.
    (await second)();
    expect(waitedFor).toEqual([999999999]);
  });

  it.each(['', 'no number', '\0\0\0'])('is taken when the file says %j and is not touched', async (text) => {
    writeFileSync(file, text);
    const result = await withLock(file, async () => 'mine', { times: { ...quick, silentMs: 50 } });
    expect(result).toBe('mine');
  });
});
