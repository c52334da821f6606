import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  describeMutations,
  isPure,
  loadedFiles,
  type MutantResult,
  parseMutateOptions,
  relatedTests,
  scoreByFile,
} from '../../../build/lib/mutation.mjs';
import { installTools } from '../../../build/lib/tool-packages.mjs';

const mutant = (more: Partial<MutantResult>): MutantResult => ({
  fileName: 'electron/core/a.ts',
  location: { start: { line: 2, column: 10 }, end: { line: 2, column: 15 } },
  replacement: 'a <= b',
  status: 'Survived',
  ...more,
});

describe('the options of npm run mutate', () => {
  it('takes folders and files, with or without a slash at the end', () => {
    expect(parseMutateOptions(['electron/core/placement/', './shared/money.ts', '--pure'])).toEqual({
      paths: ['electron/core/placement', 'shared/money.ts'],
      pure: true,
      least: undefined,
      reach: 2,
      concurrency: undefined,
      help: false,
    });
    expect(
      parseMutateOptions(['shared', '--least', '92.5', '--concurrency', '1', '--reach', '3']),
    ).toMatchObject({
      least: 92.5,
      reach: 3,
      concurrency: 1,
    });
  });

  it.each([
    [[]],
    [['test/unit']],
    [['electron/../test']],
    [['shared', '--least']],
    [['shared', '--least', '101']],
    [['shared', '--concurrency', '0']],
    [['shared', '--every']],
  ])('refuses %j', (args) => {
    expect(() => parseMutateOptions(args)).toThrow(expect.objectContaining({ code: 'SETUP_OPTION' }));
  });
});

describe('which files take part', () => {
  it('knows a pure file by its first comment', () => {
    expect(isPure('/** Sums. Pure. */\nexport {}')).toBe(true);
    expect(isPure('// Sums.\n// Pure.\nexport {}')).toBe(true);
    expect(isPure('/** Writes files. */\n/** Pure. */')).toBe(false);
    expect(isPure('export {} // Pure.')).toBe(false);
  });

  it('follows what is loaded, not types', () => {
    const text = [
      "import type { A } from './a.ts';",
      "import { b } from '../b.ts';",
      "export * from './c.ts';",
      "import './d.ts';",
      "import { e } from 'node:fs';",
      "const f = await import('./f.ts');",
    ].join('\n');
    expect(loadedFiles('core/x/y.ts', text)).toEqual([
      'core/b.ts',
      'core/x/c.ts',
      'core/x/d.ts',
      'core/x/f.ts',
    ]);
  });

  it('finds the tests that load a file through others, and survives a circle', () => {
    const files: Record<string, string> = {
      'test/one.test.ts': "import { a } from '../core/a.ts';",
      'test/two.test.ts': "import { c } from '../core/c.ts';",
      'core/a.ts': "import { b } from './b.ts';",
      'core/b.ts': "import { a } from './a.ts';\nimport data from './data.json';",
    };
    const tests = ['test/one.test.ts', 'test/two.test.ts'];
    expect(relatedTests(tests, ['core/b.ts'], 2, (file) => files[file])).toEqual(['test/one.test.ts']);
    expect(relatedTests(tests, ['core/b.ts'], 1, (file) => files[file])).toEqual([]);
    expect(relatedTests(tests, ['core/d.ts'], 9, (file) => files[file])).toEqual([]);
  });
});

describe('the results', () => {
  const results = [
    mutant({ status: 'Killed' }),
    mutant({ status: 'Timeout' }),
    mutant({}),
    mutant({ status: 'NoCoverage', replacement: 'true' }),
    mutant({ status: 'CompileError' }),
    mutant({ fileName: 'electron/core/b.ts', status: 'Killed' }),
  ];

  it('counts a timeout as killed, and leaves out what could not run', () => {
    expect(scoreByFile(results)).toEqual([
      { file: 'electron/core/a.ts', killed: 2, valid: 4 },
      { file: 'electron/core/b.ts', killed: 1, valid: 1 },
    ]);
  });

  it('names each survivor with its place, and what was replaced', () => {
    const text = describeMutations(results, () => 'first line\n  return a < b;\n');
    expect(text.split('\n')).toEqual([
      'electron/core/a.ts:2:10',
      '  - a < b',
      '  + a <= b',
      'electron/core/a.ts:2:10 (no test runs it)',
      '  - a < b',
      '  + true',
      '',
      ' 50.0 %  2 of 4  electron/core/a.ts',
      '100.0 %  1 of 1  electron/core/b.ts',
      ' 60.0 %  3 of 5  total',
    ]);
  });
});

describe('the packages of build/tools', () => {
  const packages = { 'node_modules/x': { version: '1.0.0', integrity: 'sha512-x' } };

  function folderWith(installed: object | undefined): string {
    const root = mkdtempSync(join(tmpdir(), 'pilotlight-tools-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const modules = join(root, 'build', 'tools', 'node_modules');
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(root, 'build', 'tools', 'package-lock.json'), JSON.stringify({ packages }));
    if (installed) writeFileSync(join(modules, '.package-lock.json'), JSON.stringify(installed));
    return root;
  }

  it.each([
    ['nothing is installed', undefined, 1],
    [
      'an older version is installed',
      { packages: { 'node_modules/x': { version: '0.9.0', integrity: 'y' } } },
      1,
    ],
    ['all of it is there', { packages }, 0],
  ])('are installed where %s: %#', async (_name, installed, times) => {
    const root = folderWith(installed);
    const folders: string[] = [];
    await installTools(root, async (folder) => {
      folders.push(folder);
      return { code: 0, tail: '' };
    });
    expect(folders).toEqual(Array(times).fill(join(root, 'build', 'tools')));
  });

  it('report an install that failed', async () => {
    const install = async () => ({ code: 1, tail: 'ENOSPC: no space left' });
    await expect(installTools(folderWith(undefined), install)).rejects.toMatchObject({
      code: 'SETUP_DISK_FULL',
    });
  });
});
