import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySearch, isSame, readSearch, searchHash } from '../../../../renderer/features/search/address.ts';
import { editorAddress, readEditor } from '../../../../renderer/features/search/editors.ts';
import { groupHits, pathParts } from '../../../../renderer/features/search/groups.ts';
import { markdownBlocks } from '../../../../renderer/features/search/markdown-blocks.ts';
import { markdownSpans } from '../../../../renderer/features/search/markdown-spans.ts';
import {
  forgetSearches,
  readSearches,
  rememberSearch,
} from '../../../../renderer/features/search/recent-searches.ts';
import type { SearchHit } from '../../../../shared/models/indexing.ts';

const hit = (path: string, startByte = 0, sourceId = 'notes'): SearchHit => ({
  ...{ sourceId, sourceName: 'Notes', path, absolutePath: `/notes/${path}`, type: 'markdown', heading: '' },
  ...{ snippet: 'tide', highlights: [], startByte, endByte: startByte + 4, score: 1 },
  ...{ words: null, vectors: null },
});

describe('the address of a search', () => {
  it('has all of it, whatever the names are', () => {
    const text = fc.string({ maxLength: 100 });
    const opened = fc.record({
      sourceId: fc.string({ minLength: 1 }),
      path: fc.string({ minLength: 1 }),
      startByte: fc.nat(),
      endByte: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.record({
          text,
          sourceId: fc.option(text),
          type: fc.constantFrom('code' as const, 'page' as const, null),
          opened: fc.option(opened),
        }),
        (address) => {
          expect(readSearch(searchHash(address))).toEqual(address);
        },
      ),
    );
  });

  it('is short if there is nothing in it', () => {
    expect(searchHash(emptySearch)).toBe('#/search');
    expect(readSearch('#/search')).toEqual(emptySearch);
  });

  it.each(['#/index?q=tide', '#/search?type=constructor', '#/search?file=a.md', '#/search?of=&file=a.md'])(
    '%s has nothing',
    (hash) => {
      expect(readSearch(hash)).toEqual(emptySearch);
    },
  );

  it('opens a file at its start if its bytes are nonsense', () => {
    expect(readSearch('#/search?of=s&file=a.md&at=9-x').opened).toEqual({
      ...{ sourceId: 's', path: 'a.md', startByte: 0, endByte: 0 },
    });
  });

  it('tells passages apart', () => {
    const passage = { sourceId: 's', path: 'a.md', startByte: 1, endByte: 2 };
    expect(isSame(passage, { ...passage })).toBe(true);
    expect(isSame(passage, { ...passage, endByte: 3 })).toBe(false);
    expect(isSame(passage, null)).toBe(false);
    expect(isSame(null, null)).toBe(false);
  });
});

describe('hits by file', () => {
  it('are in the order of the best hit of each file', () => {
    const groups = groupHits([hit('b.md', 9), hit('a.md'), hit('b.md', 1), hit('b.md', 5, 'other')]);
    expect(groups.map(({ hits }) => hits.map(({ path, startByte }) => [path, startByte]))).toEqual([
      [
        ['b.md', 9],
        ['b.md', 1],
      ],
      [['a.md', 0]],
      [['b.md', 5]],
    ]);
  });

  it('have a name and a folder', () => {
    expect(pathParts('deep/er/a.md')).toEqual({ name: 'a.md', folder: 'deep/er' });
    expect(pathParts('a.md')).toEqual({ name: 'a.md', folder: '' });
  });
});

describe('recent searches', () => {
  function storage(first: string | null = null) {
    let kept = first;
    return {
      getItem: () => kept,
      setItem: (_key: string, text: string) => {
        kept = text;
      },
      removeItem: () => {
        kept = null;
      },
    };
  }

  it('are kept latest first, each once, without the beginnings that were typed', () => {
    const here = storage();
    for (const text of ['tide', 'Harbour', 'tide table', '  ', 'harbour']) rememberSearch(text, here);
    expect(readSearches(here)).toEqual(['harbour', 'tide table']);
    for (let at = 0; at < 20; at += 1) rememberSearch(`${at} is a number`, here);
    expect(readSearches(here)).toHaveLength(8);
    forgetSearches(here);
    expect(readSearches(here)).toEqual([]);
  });

  it.each(['{', '"text"', '[1, null]'])('of damaged storage %j are none', (kept) => {
    expect(readSearches(storage(kept))).toEqual([]);
  });
});

describe('the address of a file in an editor', () => {
  it.each([
    ['/home/me/a note#1.md', 'vscode://file/home/me/a%20note%231.md:12'],
    ['C:\\Users\\me\\a.md', 'vscode://file/C:/Users/me/a.md:12'],
    ['/x/?.md', 'vscode://file/x/%3F.md:12'],
  ])('%s', (path, address) => {
    expect(editorAddress('vscode', path, 12)).toBe(address);
  });

  it('is of the editor that was used last', () => {
    expect(readEditor({ getItem: () => 'zed' })).toBe('zed');
    expect(readEditor({ getItem: () => 'constructor' })).toBe('vscode');
  });
});

describe('the blocks of a Markdown text', () => {
  it.each([
    ['# a', 'a'],
    ['#\ta b \t', 'a b'],
    ['  ## a ##', 'a'],
    ['# a #b', 'a #b'],
    ['# a#', 'a#'],
    ['# a # #', 'a #'],
    ['#', ''],
    ['# #', ''],
    ['### ###', ''],
    [`# a${' '.repeat(200_000)}x`, `a${' '.repeat(200_000)}x`],
    [`# ${'# '.repeat(100_000)}x`, `${'# '.repeat(100_000)}x`],
    [`# ${'#'.repeat(200_000)}x`, `${'#'.repeat(200_000)}x`],
    [`# a${'\t'.repeat(200_000)}#`, 'a'],
  ])('read a heading, however long it is (%#)', (line, text) => {
    expect(markdownBlocks(line)).toMatchObject([{ kind: 'heading', text }]);
  });

  it.each(['#a', '####### a', '    # a'])('take %j for no heading', (line) => {
    expect(markdownBlocks(line)[0]?.kind).not.toBe('heading');
  });

  const kinds = (text: string) =>
    markdownBlocks(text).map(({ kind, first, last }) => [kind, first, last] as const);

  it('have their lines', () => {
    const text = [
      '# Tide',
      '',
      'The ship',
      'waits.',
      '- one',
      '  - two',
      '',
      '```js',
      '# no heading',
      '```',
      '> quoted',
      '',
      '| a | b |',
      '|---|---|',
      '| 1 | 2 |',
      '',
      '---',
      'Head',
      '====',
    ].join('\n');
    expect(kinds(text)).toEqual([
      ['heading', 0, 0],
      ['paragraph', 2, 3],
      ['list', 4, 5],
      ['code', 7, 9],
      ['quote', 10, 10],
      ['table', 12, 14],
      ['rule', 16, 16],
      ['heading', 17, 18],
    ]);
    const [, , list, code, , table] = markdownBlocks(text);
    expect(list).toMatchObject({
      items: [
        { text: 'one', depth: 0 },
        { text: 'two', depth: 1 },
      ],
    });
    expect(code).toMatchObject({ text: '# no heading' });
    expect(table).toMatchObject({ head: ['a', 'b'], rows: [['1', '2']] });
  });

  it('know front matter, tasks and numbers', () => {
    expect(kinds('---\ntitle: x\n---\nText')).toEqual([
      ['code', 0, 2],
      ['paragraph', 3, 3],
    ]);
    expect(markdownBlocks('1. [x] done\n2. [ ] open\n   more')[0]).toMatchObject({
      items: [
        { mark: '1.', done: true, text: 'done' },
        { mark: '2.', done: false, text: 'open\nmore', last: 2 },
      ],
    });
  });

  it('cover every line that is not blank, in order', () => {
    const lines = fc.constantFrom(
      '# A',
      'text',
      '',
      '- x',
      '  y',
      '```',
      '> q',
      '| a |',
      '|--|',
      '---',
      '===',
      '\ttab',
      '1. n',
    );
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 30 }), (chosen) => {
        const text = chosen.join('\n');
        const covered = new Set<number>();
        let before = -1;
        for (const { first, last } of markdownBlocks(text)) {
          expect(first).toBeGreaterThan(before);
          expect(last).toBeGreaterThanOrEqual(first);
          before = last;
          for (let at = first; at <= last; at += 1) covered.add(at);
        }
        expect(before).toBeLessThan(Math.max(1, chosen.length));
        for (const [at, line] of chosen.entries()) if (line !== '') expect(covered).toContain(at);
      }),
    );
  });
});

describe('the spans of a Markdown line', () => {
  it.each([
    ['a `b *c*` d', 'text:a |code:b *c*|text: d'],
    ['**strong** and *soft*', 'strong:strong|text: and |emphasis:soft'],
    ['[a](https://a.example/x) [b](other.md)', 'link:a>https://a.example/x|text: |link:b'],
    ['[x](javascript:alert(1))', 'link:x|text:)'],
    ['![cat](cat.png)', 'image:cat'],
    ['snake_case_name and 2 * 3 * 4', 'text:snake_case_name and 2 * 3 * 4'],
    ['<b>no tag</b>', 'text:<b>no tag</b>'],
  ])('%s', (text, expected) => {
    const shown = markdownSpans(text).map(
      ({ kind, text: inner, href }) => `${kind}:${inner}${href === undefined ? '' : `>${href}`}`,
    );
    expect(shown.join('|')).toBe(expected);
  });

  it('of hostile text take no longer than reading it', () => {
    for (const part of ['[', '*', '`', '![', '_a', '[a](']) {
      const spans = markdownSpans(part.repeat(20_000));
      expect(spans.map(({ text }) => text).join('').length).toBeGreaterThan(0);
    }
  });
});
