/** What is done to the disk, in order: a power cut between any two steps leaves the old file or the new one, whole. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writePrivateFile } from '../../../electron/adapters/private-file.ts';

vi.mock('node:fs', { spy: true });

const folder = fs.mkdtempSync(join(tmpdir(), 'pilotlight-private-'));
const file = join(folder, 'secrets.json');
const beside = `${file}.${process.pid}.new`;

afterEach(() => {
  for (const name of fs.readdirSync(folder)) fs.rmSync(join(folder, name));
  vi.clearAllMocks();
});

describe.skipIf(process.platform === 'win32')('a private file', () => {
  it('is written beside and flushed, then renamed, then its folder is flushed', () => {
    vi.clearAllMocks();
    writePrivateFile(file, 'sealed');
    expect(vi.mocked(fs.writeFileSync).mock.calls).toEqual([
      [beside, 'sealed', expect.objectContaining({ flush: true, mode: 0o600 })],
    ]);
    expect(vi.mocked(fs.renameSync).mock.calls).toEqual([[beside, file]]);
    // Writing opens and flushes a file as well; the folder comes last.
    const opened = vi.mocked(fs.openSync).mock;
    expect(opened.calls.at(-1)).toEqual([folder, 'r']);
    const flushed = vi.mocked(fs.fsyncSync).mock;
    expect(flushed.calls.at(-1)).toEqual([opened.results.at(-1)?.value]);
    const lastOf = (calls: { invocationCallOrder: number[] }) => calls.invocationCallOrder.at(-1) ?? 0;
    const order = [fs.writeFileSync, fs.renameSync, fs.fsyncSync, fs.closeSync].map((step) =>
      lastOf(vi.mocked(step as () => void).mock),
    );
    expect(order).toEqual([...order].sort((one, other) => one - other));
  });

  it('is readable by nobody else before it has its name, though one of that name lay there for all to read', () => {
    fs.writeFileSync(beside, 'old', { mode: 0o644 });
    const modes: number[] = [];
    vi.mocked(fs.renameSync).mockImplementationOnce((from, to) => {
      modes.push(fs.statSync(from).mode & 0o777);
      fs.linkSync(from, to);
      fs.unlinkSync(from);
    });
    writePrivateFile(file, 'sealed');
    expect(modes).toEqual([0o600]);
    expect([fs.statSync(file).mode & 0o777, fs.readFileSync(file, 'utf8')]).toEqual([0o600, 'sealed']);
  });

  it.each(['ENOSPC', 'EDQUOT'])('tells a full disk (%s) from a folder that cannot be written', (code) => {
    writePrivateFile(file, 'before');
    vi.mocked(fs.renameSync).mockImplementationOnce(() => {
      throw Object.assign(new Error(code), { code });
    });
    expect(() => writePrivateFile(file, 'after')).toThrow(expect.objectContaining({ code: 'DISK_FULL' }));
    expect([fs.readdirSync(folder), fs.readFileSync(file, 'utf8')]).toEqual([['secrets.json'], 'before']);
    vi.mocked(fs.renameSync).mockImplementationOnce(() => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    });
    expect(() => writePrivateFile(file, 'after')).toThrow(
      expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE', details: { folder, reason: 'EACCES' } }),
    );
    expect(fs.readdirSync(folder)).toEqual(['secrets.json']);
  });
});
