import { once } from 'node:events';
import { expect, it } from 'vitest';
import { spawn } from '../../fakes/children.ts';

const clockModule = new URL('../../../electron/adapters/clock.ts', import.meta.url).href;

/** How a program ends that does this and nothing else. */
async function run(source: string): Promise<{ code: number | null; out: string }> {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--disable-warning=ExperimentalWarning',
      '-e',
      `import { createSystemClock } from ${JSON.stringify(clockModule)};
       const clock = createSystemClock();
       ${source}`,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code: code as number | null, out };
}

it('a program that waits for a sleep continues after it, though nothing else keeps it alive', async () => {
  expect(await run(`await clock.sleep(20); console.log('slept');`)).toEqual({ code: 0, out: 'slept\n' });
});

it('a program whose sleep is aborted ends at once', async () => {
  const source = `
    const abort = new AbortController();
    const slept = clock.sleep(3_600_000, abort.signal).catch(() => console.log('woken'));
    abort.abort();
    await slept;`;
  expect(await run(source)).toEqual({ code: 0, out: 'woken\n' });
});

it('a timer alone does not keep a program', async () => {
  expect(await run(`clock.timer(3_600_000, () => {}); console.log('done');`)).toEqual({
    code: 0,
    out: 'done\n',
  });
});
