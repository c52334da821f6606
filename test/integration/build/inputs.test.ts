import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, isBuilt, writeStamp } from '../../../build/lib/inputs.mjs';

const inputs = ['electron', 'package.json', 'absent.json'];

describe('isBuilt', () => {
  let root: string;
  let stamp: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pilotlight-inputs-'));
    stamp = join(root, 'dist/.inputs.json');
    mkdirSync(join(root, 'electron/core'), { recursive: true });
    writeFileSync(join(root, 'electron/core/a.ts'), 'export const a = 1;');
    writeFileSync(join(root, 'package.json'), '{}');
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  const build = () => writeStamp(stamp, fingerprint(root, inputs));

  it('is false before the first build, and true after it', () => {
    expect(isBuilt(root, stamp, inputs)).toBe(false);
    build();
    expect(isBuilt(root, stamp, inputs)).toBe(true);
  });

  it.each<[string, (folder: string) => void]>([
    ['a file changes', (folder) => writeFileSync(join(folder, 'electron/core/a.ts'), 'export const a = 2;')],
    ['a file is added', (folder) => writeFileSync(join(folder, 'electron/core/b.ts'), '')],
    ['a file is removed', (folder) => rmSync(join(folder, 'electron/core/a.ts'))],
    ['an input appears', (folder) => writeFileSync(join(folder, 'absent.json'), '{}')],
  ])('is false when %s', (_, change) => {
    build();
    change(root);
    expect(isBuilt(root, stamp, inputs)).toBe(false);
  });

  it('is true when only the time of a file changed', () => {
    build();
    const later = new Date(Date.UTC(2040, 0, 1));
    utimesSync(join(root, 'electron/core/a.ts'), later, later);
    expect(isBuilt(root, stamp, inputs)).toBe(true);
  });

  it('is false when the stamp is damaged', () => {
    build();
    writeFileSync(stamp, '{"quick":');
    expect(isBuilt(root, stamp, inputs)).toBe(false);
  });
});
