import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceProgram } from '../../../../electron/adapters/updates/replace-program.ts';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';

let folder: string;
let program: string;
let fresh: string;
let keepAs: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-replace-'));
  program = join(folder, 'program');
  fresh = join(folder, 'fresh');
  keepAs = join(folder, 'program.previous');
  writeFileSync(program, 'old', { mode: 0o755 });
  writeFileSync(fresh, 'new', { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const text = (path: string) => readFileSync(path, 'utf8');
const failWith = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};
const steps = { copy: copyFileSync, link: linkSync, rename: renameSync };

describe.each(['linux', 'win32'] as const)('a replaced program, as on %s', (platform) => {
  it('is the new one, as executable as before, and the former one is kept', () => {
    replaceProgram({ program, fresh, keepAs, platform });
    expect([text(program), text(keepAs), text(fresh)]).toEqual(['new', 'old', 'new']);
    expect(statSync(program).mode & 0o777).toBe(0o755);
    writeFileSync(fresh, 'newer');
    replaceProgram({ program, fresh, keepAs, platform });
    expect([text(program), text(keepAs)]).toEqual(['newer', 'new']);
    expect(readdirSync(folder).sort()).toEqual(['fresh', 'program', 'program.previous']);
  });

  it('goes back the same way', () => {
    replaceProgram({ program, fresh, keepAs, platform });
    replaceProgram({ program, fresh: keepAs, keepAs: null, platform });
    expect(text(program)).toBe('old');
  });

  const failing = (step: 'copy' | 'link' | 'rename', at: number, code: string) => {
    let calls = 0;
    return {
      ...steps,
      [step]: (...args: [string, string]) => {
        calls += 1;
        return calls === at ? failWith(code)() : steps[step](...args);
      },
    };
  };

  it.each([
    ['copy', 1, 'ENOSPC', 'DISK_FULL'],
    ['copy', 1, 'EACCES', 'UPDATE_NOT_INSTALLED'],
    ['rename', 1, 'EACCES', 'UPDATE_NOT_INSTALLED'],
    ['rename', 2, 'EBUSY', 'UPDATE_NOT_INSTALLED'],
  ] as const)('stays as it was when %s %i fails with %s', (step, at, code, expected) => {
    let error: unknown;
    try {
      replaceProgram({ program, fresh, keepAs, platform, steps: failing(step, at, code) });
    } catch (thrown) {
      error = thrown;
    }
    expect(isPilotlightError(error) && error.code).toBe(expected);
    expect(text(program)).toBe('old');
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});

it('keeps a copy on a disk that has no second names', () => {
  replaceProgram({ program, fresh, keepAs, platform: 'linux', steps: { ...steps, link: failWith('EPERM') } });
  expect([text(program), text(keepAs)]).toEqual(['new', 'old']);
});

it('is whole at every step', () => {
  const seen: string[] = [];
  const look =
    <Args extends unknown[]>(step: (...args: Args) => void) =>
    (...args: Args) => {
      seen.push(text(program));
      step(...args);
      seen.push(text(program));
    };
  replaceProgram({
    ...{ program, fresh, keepAs, platform: 'linux' },
    steps: { copy: look(copyFileSync), link: look(linkSync), rename: look(renameSync) } as never,
  });
  expect(new Set(seen)).toEqual(new Set(['old', 'new']));
  expect(existsSync(keepAs)).toBe(true);
});
