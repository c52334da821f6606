/** What a killed write left is deleted; everything else stays. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { draftOf, draftsOf, sweepLeftovers } from '../../../electron/adapters/leftovers.ts';
import { salvageCopiesOf } from '../../../electron/adapters/state/salvage.ts';

const dead = 4711;
const live = 4712;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-leftovers-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const put = (...names: string[]) => {
  for (const name of names) writeFileSync(join(folder, name), 'half');
};
const sweep = (names: string[] = ['token', 'a.json']) =>
  sweepLeftovers(folder, draftsOf(names), (pid) => pid === live).sort();
const left = () => readdirSync(folder).sort();

describe('a sweep', () => {
  it('deletes drafts of our files whose process has ended', () => {
    put('token', 'a.json', `token.${dead}.new`, `a.json.${dead}.new`);
    expect(sweep()).toEqual([`a.json.${dead}.new`, `token.${dead}.new`]);
    expect(left()).toEqual(['a.json', 'token']);
  });

  it('leaves those of a process that runs', () => {
    put(`token.${live}.new`);
    expect(sweep()).toEqual([]);
    expect(left()).toEqual([`token.${live}.new`]);
  });

  it('leaves every name that is not exactly ours', () => {
    const others = [
      'token.new',
      `token.${dead}.NEW`,
      `token.${dead}.new.bak`,
      `token.0${dead}.new`,
      'token.0.new',
      'token.-1.new',
      'token.99999999999.new',
      `my-token.${dead}.new`,
      `notes.txt.${dead}.new`,
      `.${dead}.new`,
    ];
    put(...others);
    expect(sweep()).toEqual([]);
    expect(left()).toEqual(others.sort());
  });

  it.skipIf(process.platform === 'win32')('follows no link, and deletes no folder', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'pilotlight-elsewhere-'));
    try {
      writeFileSync(join(elsewhere, 'precious'), 'theirs');
      symlinkSync(join(elsewhere, 'precious'), join(folder, `token.${dead}.new`));
      mkdirSync(join(folder, `a.json.${dead}.new`));
      expect(sweep()).toEqual([]);
      expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('theirs');
      expect(left()).toHaveLength(2);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('deletes drafts with the id of this process, which has written none yet', () => {
    put(draftOf('token'));
    expect(sweepLeftovers(folder, draftsOf(['token']))).toEqual([draftOf('token')]);
  });

  it('knows the processes of this computer', () => {
    put(`token.${process.ppid}.new`);
    expect(sweepLeftovers(folder, draftsOf(['token']))).toEqual([]);
  });

  it('does nothing in a folder that does not exist', () => {
    expect(sweepLeftovers(join(folder, 'none'), draftsOf(['token']))).toEqual([]);
  });

  it('deletes the copies that a salvage was reading, not the damaged database itself', () => {
    put(
      'state.sqlite.corrupt-1',
      `state.sqlite.corrupt-1.${dead}.reading`,
      `state.sqlite.corrupt-12.${dead}.reading-wal`,
      `state.sqlite.corrupt-1.${live}.reading`,
      `other.sqlite.corrupt-1.${dead}.reading`,
    );
    sweepLeftovers(folder, salvageCopiesOf('state.sqlite'), (pid) => pid === live);
    expect(left()).toEqual([
      `other.sqlite.corrupt-1.${dead}.reading`,
      'state.sqlite.corrupt-1',
      `state.sqlite.corrupt-1.${live}.reading`,
    ]);
  });
});
