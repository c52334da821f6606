import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchState } from '../../../electron/host/folder-watch.ts';
import { createFakeClock } from '../../fakes/clock.ts';

let base = '';
let dataFolder = '';
let path = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-watch-'));
  dataFolder = join(base, 'data');
  path = join(dataFolder, 'state.sqlite');
  mkdirSync(dataFolder);
  writeFileSync(path, 'state');
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

function watch() {
  const clock = createFakeClock();
  const codes: string[] = [];
  const stop = watchState({ dataFolder, path, clock, report: ({ code }) => codes.push(code) });
  return { clock, codes, stop };
}

describe('the state of a running core', () => {
  it.each([
    ['the folder is deleted', () => rmSync(dataFolder, { recursive: true })],
    ['the folder is moved', () => renameSync(dataFolder, join(base, 'elsewhere'))],
    [
      'a file takes the place of the folder',
      () => {
        renameSync(dataFolder, join(base, 'elsewhere'));
        writeFileSync(dataFolder, '');
      },
    ],
    [
      'another state takes its place',
      () => {
        writeFileSync(join(base, 'other'), 'other');
        renameSync(join(base, 'other'), path);
      },
    ],
  ])('is reported once when %s', async (_name, harm) => {
    const { clock, codes } = watch();
    await clock.advance(60_000);
    expect(codes).toEqual([]);
    harm();
    await clock.advance(10_000);
    expect(codes).toEqual(['DATA_FOLDER_UNUSABLE']);
    await clock.advance(60_000);
    expect(codes).toHaveLength(1);
    expect(clock.pending()).toBe(0);
  });

  it('is no longer watched once that was stopped', async () => {
    const { clock, codes, stop } = watch();
    stop();
    rmSync(dataFolder, { recursive: true });
    await clock.advance(60_000);
    expect(codes).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});
