import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWindowMemory } from '../../../electron/main/window-memory.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-window-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['empty', (file: string) => writeFileSync(file, '')],
  ['half of itself', (file: string) => writeFileSync(file, '{"maximised":tr')],
  ['another kind of JSON', (file: string) => writeFileSync(file, '7')],
  ['a folder', (file: string) => mkdirSync(file)],
])(
  'a saved window that is %s: the usual one, the damaged one aside, a line in the log',
  async (_, damage) => {
    const file = join(folder, 'window.json');
    damage(file);
    const lines: string[] = [];
    const memory = await openWindowMemory(file, (line) => lines.push(line));
    expect(memory.current()).toEqual({ bounds: null, maximised: false, toldOfTray: false });
    expect(lines).toEqual([expect.stringContaining('window.json.corrupt-1')]);
    expect(statSync(`${file}.corrupt-1`).mode & 0o077).toBe(0);
    memory.change({ maximised: true });
    await memory.saved();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ maximised: true });
  },
);

it('is the default at the first start, without a warning', async () => {
  const lines: string[] = [];
  await openWindowMemory(join(folder, 'window.json'), (line) => lines.push(line));
  expect(lines).toEqual([]);
});

it('deletes what a killed window program left in the middle of a write', async () => {
  const file = join(folder, 'window.json');
  writeFileSync(`${file}.new`, '{"maxim');
  const memory = await openWindowMemory(file);
  await memory.saved();
  expect(readdirSync(folder)).toEqual([]);
});
