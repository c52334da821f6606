/** The processes that tests start end with the run, also when nobody is left to end them. */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { spawn } from '../../fakes/children.ts';

const tests = fileURLToPath(new URL('../../', import.meta.url));
const children = fileURLToPath(new URL('../../fakes/children.ts', import.meta.url));

/** Ignores every signal that it can ignore, and what happens to its parent. */
const stubborn = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.on('disconnect', () => {});
  setInterval(() => {}, 60_000);
  console.log('ready');
`;

/**
 * A run in a process of its own, which starts a child and waits for ever. Both hold the other end of its output, which is
 * closed when both have ended: a test that waits for that hangs where the child lives on.
 */
async function startRun(way: 'spawn' | 'fork') {
  const program = `
    import { ${way} } from ${JSON.stringify(children)};
    import { writeFileSync } from 'node:fs';
    const options = { stdio: ['ignore', 'inherit', 'inherit'${way === 'fork' ? ", 'ipc'" : ''}] };
    const args = ['-e', ${JSON.stringify(stubborn)}];
    if ('${way}' === 'spawn') spawn(process.execPath, args, options);
    else fork('-', [], { ...options, execArgv: args });
    setInterval(() => {}, 60_000);
  `;
  const run = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  await once(createInterface({ input: run.stdout }), 'line');
  return run;
}

describe('a process that a test started', () => {
  it.each([
    ['spawn', 'SIGKILL'],
    ['fork', 'SIGKILL'],
    ['spawn', 'SIGTERM'],
  ] as const)('by %s ends when its run ends by %s', async (way, signal) => {
    const run = await startRun(way);
    const closed = once(run, 'close');
    run.kill(signal);
    await closed;
    expect(run.signalCode).toBe(signal);
  });

  it.skipIf(process.platform === 'win32')('ends by Ctrl+C, which reaches the whole group', async () => {
    const run = await startRun('spawn');
    const closed = once(run, 'close');
    process.kill(-(run.pid ?? 0), 'SIGINT');
    await closed;
    expect(run.signalCode).toBe('SIGINT');
  });
});

it('no test starts a process in another way', () => {
  const starts = /\b(spawn|fork)\b[^}]*\} from 'node:child_process'/;
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !file.endsWith('children.ts'),
  );
  expect(files.length).toBeGreaterThan(300);
  expect(files.filter((file) => starts.test(readFileSync(join(tests, file), 'utf8')))).toEqual([
    // A program as a text, for a process that a test starts: it is its own parent's business.
    join('integration', 'build', 'launch.test.ts'),
  ]);
});
