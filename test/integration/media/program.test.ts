/** Programs of the user: what goes wrong with them, and that none outlives its reader. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  environmentFor,
  type ProgramOptions,
  runProgram,
  startProgram,
} from '../../../electron/workers/media/program.ts';
import { isAlive } from '../../fakes/alive.ts';
import { createFakeClock } from '../../fakes/clock.ts';
import { makeFfmpeg } from '../../fakes/media-programs.ts';

let folder: string;
const clock = createFakeClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-program-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const options = (program: string, args: string[], own: Partial<ProgramOptions> = {}): ProgramOptions => ({
  ...{ program, args, folder, clock, silenceMs: 60_000, mostBytes: 1_000_000 },
  signal: new AbortController().signal,
  ...own,
});

/** Resolves when the program was called, with its process. */
const called = async (program: ReturnType<typeof makeFfmpeg>) => {
  await vi.waitUntil(() => program.calls().length > 0, { timeout: 30_000 });
  return program.calls()[0]?.pid ?? 0;
};
const ended = (pid: number) => vi.waitUntil(() => !isAlive(pid), { timeout: 30_000 });

describe('a program', () => {
  it('is run to its end, with what it printed', async () => {
    const { path } = makeFfmpeg(folder);
    expect(await runProgram(options(path, ['-version']))).toEqual({
      ...{ code: 0, said: '', text: 'ffmpeg version 0-test Copyright\n' },
    });
  });

  it('that fails says why', async () => {
    const { path } = makeFfmpeg(folder, { misbehaviour: { version: 'fail' }, says: 'a\nno luck\n' });
    expect(await runProgram(options(path, ['-version']))).toMatchObject({ code: 1, said: 'a\nno luck\n' });
  });

  it.each(['/nowhere/ffmpeg', 'pilotlight-no-such-program'])(
    'that is not there is missing: %s',
    async (name) => {
      await expect(runProgram(options(name, []))).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
    },
  );

  it('that may not be run is missing', async () => {
    const path = join(folder, 'plain');
    writeFileSync(path, 'nothing');
    await expect(runProgram(options(path, []))).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
  });

  it('that hangs is ended', async () => {
    const program = makeFfmpeg(folder, { misbehaviour: { version: 'hang' } });
    const run = runProgram(options(program.path, ['-version']));
    run.catch(() => {});
    const pid = await called(program);
    await clock.advance(59_000);
    expect(isAlive(pid)).toBe(true);
    await clock.advance(2000);
    await expect(run).rejects.toMatchObject({ code: 'PROGRAM_STUCK' });
    await ended(pid);
    expect(clock.pending()).toBe(0);
  });

  it('that prints without end is ended', async () => {
    const program = makeFfmpeg(folder, { misbehaviour: { version: 'flood' } });
    await expect(runProgram(options(program.path, ['-version']))).rejects.toMatchObject({
      code: 'PROGRAM_OUTPUT_TOO_LARGE',
    });
    await ended(program.calls()[0]?.pid ?? 0);
  });

  it('is ended with its signal, while it works and while its reader does', async () => {
    for (const misbehaviour of ['hang', 'flood'] as const) {
      const program = makeFfmpeg(folder, { misbehaviour: { version: misbehaviour } });
      const controller = new AbortController();
      const { output } = await startProgram(
        options(program.path, ['-version'], { mostBytes: null, signal: controller.signal }),
      );
      const first = output.next();
      first.catch(() => {});
      const pid = program.calls().at(-1)?.pid ?? (await called(program));
      if (misbehaviour === 'flood') await first;
      controller.abort(new Error('cancelled'));
      await expect(misbehaviour === 'flood' ? output.next() : first).rejects.toThrow('cancelled');
      await ended(pid);
      rmSync(join(folder, 'ffmpeg.calls'));
    }
  });

  it('is ended when its reader leaves, and waits for a slow one', async () => {
    const program = makeFfmpeg(folder, { misbehaviour: { version: 'flood' } });
    const { output } = await startProgram(options(program.path, ['-version'], { mostBytes: null }));
    await output.next();
    // It waits for its reader, who may take as long as a server needs.
    await clock.advance(3_600_000);
    expect((await output.next()).done).toBe(false);
    await output.return({ code: null, said: '' });
    await ended(program.calls()[0]?.pid ?? 0);
  });

  it('gets none of the variables of Pilotlight', async () => {
    vi.stubEnv('PILOTLIGHT_TOKEN', 'secret');
    const program = makeFfmpeg(folder);
    await runProgram(options(program.path, ['-version']));
    expect(program.calls()[0]?.env.filter((name) => name.startsWith('PILOTLIGHT'))).toEqual([]);
    expect(environmentFor({ PATH: '/bin', PILOTLIGHT_TASK_ROLE: 'x' })).toMatchObject({ PATH: '/bin' });
    vi.unstubAllEnvs();
    expect(existsSync(program.path)).toBe(true);
  });
});
