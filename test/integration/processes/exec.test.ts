import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createExec } from '../../../electron/adapters/processes/exec.ts';
import { isAlive } from '../../fakes/alive.ts';

const exec = createExec();
const node = process.execPath;
const never = new AbortController().signal;
const run = (script: string, ...args: string[]) =>
  exec.run([node, '-e', script, '--', ...args], { deadlineMs: 20_000, signal: never });

describe('a program', () => {
  it('gets its arguments as they are: no shell reads them', async () => {
    const args = ['$(touch x)', '; echo no', '*', 'a b', '"', '%PATH%', '`id`'];
    const { code, output } = await run('console.log(JSON.stringify(process.argv.slice(1)))', ...args);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual(args);
  });

  it('tells how it ended, with what it wrote to both outputs', async () => {
    const script = 'console.log("out"); console.error("wrong"); process.exitCode = 3';
    const { code, output } = await run(script);
    expect(code).toBe(3);
    expect(output).toContain('out\n');
    expect(output).toContain('wrong\n');
  });

  it('its output is cut', async () => {
    const { output } = await run('process.stdout.write("x".repeat(1_000_000))');
    expect(output).toHaveLength(64 * 1024);
  });

  it('has no input to wait for', async () => {
    const { output } = await run('process.stdin.on("end", () => console.log("ended")).resume()');
    expect(output).toContain('ended');
  });

  it('that does not end is stopped, with what it started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-exec-'));
    try {
      const child = 'setInterval(() => {}, 1000)';
      const script = `
        const { spawn } = require('node:child_process');
        const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'ignore' });
        require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(child.pid));
        setInterval(() => {}, 1000);`;
      await expect(exec.run([node, '-e', script], { deadlineMs: 1500, signal: never })).rejects.toMatchObject(
        { code: 'COMMAND_FAILED', message: expect.stringContaining('was stopped') },
      );
      const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
      await expect.poll(() => isAlive(pid)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('ends when nobody waits for it any more', async () => {
    const controller = new AbortController();
    const reason = new Error('The wake was cancelled.');
    const running = exec.run([node, '-e', 'setInterval(() => {}, 1000)'], {
      deadlineMs: 20_000,
      signal: controller.signal,
    });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(exec.run([node, '-e', ''], { deadlineMs: 1000, signal: controller.signal })).rejects.toBe(
      reason,
    );
  });

  it.each([
    ['is not there', ['/nowhere/to/be/found'], 'the program does not exist'],
    ['may not be run', [import.meta.filename], 'permission denied'],
    ['has a name that cannot be', ['a\0b'], 'could not be started'],
  ])('that %s is COMMAND_FAILED', async (_, command, words) => {
    await expect(exec.run(command, { deadlineMs: 1000, signal: never })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringContaining(words),
    });
  });
});
