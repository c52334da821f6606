/** What ignore files leave out of a folder. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { walkFolder } from '../../../../electron/workers/index/walk.ts';
import { fact } from '../../../../shared/models/message.ts';

const own = { contain: async () => false, is: async () => false, cover: () => false };

async function walk(files: Record<string, string | Uint8Array>, ignoreFiles = true, indexed = '') {
  const top = mkdtempSync(join(tmpdir(), 'pilotlight-ignore-'));
  onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  const root = join(top, indexed);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), content);
  }
  const found = await walkFolder({
    root,
    own: own as never,
    ignoreFiles,
    signal: new AbortController().signal,
    onSeen: () => {},
  });
  return { ...found, root, paths: found.files.map(({ path }) => path) };
}

const tree = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, 'x']));

describe('ignore files', () => {
  it('leave out what they name, and say how much', async () => {
    const found = await walk({
      ...tree(
        'a.log',
        'b.log',
        'keep.log',
        'a.md',
        'build/x.md',
        'build/deep/y.md',
        'docs/build',
        'docs/z.md',
      ),
      '.gitignore': '# comment\n*.log\n!keep.log\nbuild/\n',
    });
    expect(found.paths).toEqual(['a.md', 'docs/build', 'docs/z.md', 'keep.log']);
    expect(found.ignored).toEqual([{ path: '.gitignore', files: 2, folders: 1 }]);
    expect(found.skipped).toEqual([]);
  });

  it.each([
    [
      'a rule with a slash is for its own folder',
      { '.gitignore': '/a.md\ndocs/*.md' },
      ['b/a.md', 'b/docs/c.md'],
    ],
    ['a rule without one is for every folder', { '.gitignore': 'a.md' }, ['b/docs/c.md', 'docs/c.md']],
    ['two stars cross folders', { '.gitignore': '**/docs/**' }, ['a.md', 'b/a.md']],
    ['an inner file overrules an outer one', { '.gitignore': '*.md', 'b/.gitignore': '!a.md' }, ['b/a.md']],
    [
      'an inner file is for its folder only',
      { 'b/.gitignore': 'a.md' },
      ['a.md', 'b/docs/c.md', 'docs/c.md'],
    ],
    [
      'ours overrules that of Git beside it',
      { '.gitignore': '*.md', '.pilotlightignore': '!docs/c.md' },
      ['docs/c.md'],
    ],
    ['ours is enough', { '.pilotlightignore': 'docs' }, ['a.md', 'b/a.md']],
    [
      'nothing comes back beneath a folder that is out',
      { '.gitignore': 'b/', 'b/.gitignore': '!a.md' },
      ['a.md', 'docs/c.md'],
    ],
    ['a mark of the encoding is no part of a rule', { '.gitignore': '\ufeffb\n' }, ['a.md', 'docs/c.md']],
    ['UTF-16 is read', { '.gitignore': Buffer.from('\ufeffb\r\ndocs\r\n', 'utf16le') }, ['a.md']],
    [
      'a bad pattern is no pattern',
      { '.gitignore': '[z-a]\n\\\n!\n' },
      ['a.md', 'b/a.md', 'b/docs/c.md', 'docs/c.md'],
    ],
  ])('%s', async (_what, rules, paths) => {
    const found = await walk({ ...tree('a.md', 'b/a.md', 'b/docs/c.md', 'docs/c.md'), ...rules });
    expect(found.paths).toEqual(paths);
  });

  describe('above the folder', () => {
    const repository = tree('.git/HEAD', 'repo.md', 'a/b/c.md', 'a/b/d.log', 'a/b/tmp/e.md', 'a/b/f/tmp.md');

    it('apply up to the top of the Git repository, each to what is beneath it', async () => {
      const found = await walk(
        { ...repository, '.gitignore': '*.log\n/tmp\n', 'a/.pilotlightignore': 'b/tmp/' },
        true,
        'a/b',
      );
      expect(found.paths).toEqual(['c.md', 'f/tmp.md']);
      expect(found.ignored).toEqual([
        { path: '../../.gitignore', files: 1, folders: 0 },
        { path: '../.pilotlightignore', files: 0, folders: 1 },
      ]);
    });

    it('are overruled by those within', async () => {
      const found = await walk(
        { ...repository, '.gitignore': '*.log\n', 'a/b/.gitignore': '!d.log\n/f' },
        true,
        'a/b',
      );
      expect(found.paths).toEqual(['c.md', 'd.log', 'tmp/e.md']);
      expect(found.ignored).toEqual([{ path: '.gitignore', files: 0, folders: 1 }]);
    });

    it('do not leave out a folder that a person chose', async () => {
      const found = await walk({ ...repository, '.gitignore': '/a\n*.log\n' }, true, 'a/b');
      expect(found.paths).toEqual(['c.md', 'd.log', 'f/tmp.md', 'tmp/e.md']);
    });

    it('do not apply without a repository, beyond its top, or when they are not wanted', async () => {
      const { '.git/HEAD': _, ...folders } = repository;
      const all = ['c.md', 'd.log', 'f/tmp.md', 'tmp/e.md'];
      expect((await walk({ ...folders, '.gitignore': '*' }, true, 'a/b')).paths).toEqual(all);
      const inner = { ...folders, 'a/b/.git': 'gitdir: elsewhere', '.gitignore': '*' };
      expect((await walk(inner, true, 'a/b')).paths).toEqual(all);
      expect((await walk({ ...repository, '.gitignore': '*.md' }, false, 'a/b')).paths).toEqual(all);
    });

    it('keep everything as it was if they cannot be read', async () => {
      const found = await walk({ ...repository, '.gitignore': 'x'.repeat(3_000_000) }, true, 'a/b');
      expect(found.paths).toEqual([]);
      expect(found.unreadable).toEqual(['']);
      expect(found.skipped).toEqual([
        { path: '../../.gitignore', code: 'FILE_UNREADABLE', reason: fact('IGNORE_FILE_UNREADABLE') },
      ]);
    });
  });

  it('can be left unread', async () => {
    const found = await walk({ ...tree('a.md'), '.gitignore': '*' }, false);
    expect(found.paths).toEqual(['a.md']);
    expect(found.ignored).toEqual([]);
  });

  it('are counted apart, each by its own', async () => {
    const found = await walk({
      ...tree('a.md', 'b/c.md', 'b/d.md'),
      '.gitignore': 'a.md',
      'b/.pilotlightignore': '*.md',
    });
    expect(found.ignored).toEqual([
      { path: '.gitignore', files: 1, folders: 0 },
      { path: 'b/.pilotlightignore', files: 2, folders: 0 },
    ]);
  });

  it('that cannot be read keep their folder as it was', async () => {
    const found = await walk({ ...tree('a.md', 'b/c.md'), 'b/.gitignore': 'x'.repeat(3_000_000) });
    expect(found.paths).toEqual(['a.md']);
    expect(found.unreadable).toEqual(['b']);
    expect(found.skipped).toEqual([
      { path: 'b/.gitignore', code: 'FILE_UNREADABLE', reason: fact('IGNORE_FILE_UNREADABLE') },
    ]);
  });

  it('with patterns that would take for ever obey the others, and say so', async () => {
    const found = await walk({
      ...tree('a.md', `${'a'.repeat(200)}.md`),
      '.gitignore': `a.md\n${'*a'.repeat(40)}b\n`,
    });
    expect(found.paths).toHaveLength(1);
    expect(found.skipped).toEqual([
      { path: '.gitignore', code: 'FILE_UNREADABLE', reason: fact('IGNORE_LINES_LEFT_OUT', { lines: 1 }) },
    ]);
  });

  // As Git itself left them out, each in a folder with all these files.
  it.each([
    ['*.log\r\nb/\r\n', ['a.log', 'b/a.md', 'b/c/a.md', 'log/a.log', 'log/keep/a.log']],
    ['a.log\rb\n', []],
    ['foo bar.md   \n', ['foo bar.md']],
    ['trail\\ /\n', ['trail /a.md']],
    ['\\#hash.md\n#a.md\n', ['#hash.md']],
    ['\\!bang.md\n', ['!bang.md']],
    ['dir.md/\na.md/\n', ['dir.md/inner.md']],
    ['log/*\n!log/keep/\n', ['log/a.log']],
    ['log/\n!log/a.log\n', ['log/a.log', 'log/keep/a.log']],
    ['/*\n!/b/\n/b/*\n!/b/c/\n!/[!b]*\n', ['b/a.md']],
    ['b/**\n', ['b/a.md', 'b/c/a.md']],
    ['**/c\n', ['b/c/a.md']],
    ['a\\[1\\].md\n', ['a[1].md']],
    ['./a.log\n../a.log\nb//a.md\n/\n', []],
    ['*\n!*/\n!*.md\n', ['a.log', 'log/a.log', 'log/keep/a.log']],
    [' a.log\n', []],
    ['A.LOG\n', []],
  ])('%j leaves out what Git leaves out', async (rules, wanted) => {
    const all = ['#hash.md', '!bang.md', 'a.log', 'a[1].md', 'b/a.md', 'b/c/a.md', 'dir.md/inner.md'];
    all.push('foo bar.md', 'log/a.log', 'log/keep/a.log', 'trail /a.md');
    const found = await walk({ ...tree(...all), '.gitignore': rules });
    const left = all.filter((path) => !found.paths.includes(path));
    // Those systems take either case for the same.
    const folded = process.platform === 'win32' || process.platform === 'darwin';
    expect(left).toEqual(folded && rules === 'A.LOG\n' ? ['a.log', 'log/a.log', 'log/keep/a.log'] : wanted);
  });

  it('in an older charset are read by it, and remarks in one do no harm', async () => {
    const latin = (text: string) => Buffer.from(text, 'latin1');
    const names = latin('*.log\nübersicht.md\nBüro/\nGrüße/\nMüller.md\n');
    const found = await walk({
      ...tree('a.md', 'übersicht.md', 'Büro/b.md', 'n/a.log', 'n/b.md'),
      '.gitignore': names,
      'n/.gitignore': latin('# für mich\n*.log\n'),
    });
    expect(found.paths).toEqual(['a.md', 'n/b.md']);
    expect(found.skipped).toEqual([]);
  });

  it('are files: a folder of that name has no rules', async () => {
    const found = await walk(tree('a.md', '.gitignore/b.md'));
    expect(found.paths).toEqual(['a.md']);
    expect(found.skipped).toEqual([]);
  });

  it('that list tens of thousands of names are obeyed, and no rule is tried where it cannot apply', async () => {
    const generated = Array.from({ length: 30_000 }, (_, at) => `/out/name-${at}.log`);
    const found = await walk({
      ...tree(...Array.from({ length: 300 }, (_, at) => `out/name-${at * 200}.log`)),
      '.gitignore': `${generated.join('\n')}\n`,
    });
    expect(found.ignored).toEqual([{ path: '.gitignore', files: 150, folders: 0 }]);
    expect(found.paths).toHaveLength(150);
  });

  it('with too many patterns that have to be tried on everything leave their folder out', async () => {
    const wild = Array.from({ length: 2000 }, (_, at) => `[${at}]*`).join('\n');
    const found = await walk({ ...tree('a.md', 'b/c.md'), 'b/.gitignore': wild });
    expect(found.paths).toEqual(['a.md']);
    expect(found.skipped).toMatchObject([{ path: 'b/.gitignore', code: 'FILE_UNREADABLE' }]);
  });

  it('with many places for any folder in one pattern obey the others', async () => {
    const found = await walk({
      ...tree('a.md', 'b.md', 'x/y/z.md'),
      '.gitignore': 'a.md\n**/a/**/a/**/b\n**/y/**\n',
    });
    expect(found.paths).toEqual(['b.md']);
    expect(found.skipped).toMatchObject([{ reason: fact('IGNORE_LINES_LEFT_OUT', { lines: 1 }) }]);
  });

  it.skipIf(process.platform === 'win32')('apply to links as to files', async () => {
    const root = mkdtempSync(join(tmpdir(), 'pilotlight-ignore-'));
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    mkdirSync(join(root, 'real'));
    writeFileSync(join(root, 'real/a.md'), 'x');
    symlinkSync('real', join(root, 'out'));
    symlinkSync('real', join(root, 'in'));
    writeFileSync(join(root, '.gitignore'), 'out\n');
    chmodSync(join(root, '.gitignore'), 0o600);
    const { signal } = new AbortController();
    const found = await walkFolder({ root, own: own as never, signal, onSeen: () => {} });
    expect(found.files.map(({ path }) => path)).toEqual(['in/a.md', 'real/a.md']);
  });
});
