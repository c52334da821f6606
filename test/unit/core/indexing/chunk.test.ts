import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TextKind } from '../../../../electron/core/indexing/blocks.ts';
import { chunkText } from '../../../../electron/core/indexing/chunk.ts';
import { cutFile } from '../../../../electron/core/indexing/cut.ts';
import { createByteAt, utf8Length } from '../../../../electron/core/indexing/encoding.ts';
import { estimateTokens } from '../../../../electron/core/indexing/tokens.ts';

function cut(text: string, kind: TextKind = 'markdown', maxTokens = 64) {
  const byteAt = createByteAt(text, 'utf-8', 0);
  return chunkText({ text, kind, maxTokens, startByteAt: byteAt, endByteAt: byteAt });
}

const pieces = fc.constantFrom(
  ...[
    '# One\n',
    '## Two\n',
    '\n',
    '\n\n',
    'Title\n=====\n',
    '```\n',
    '---\n',
    '    code\n',
    '- item\n',
    '\r\n',
  ],
  ...['\r', ' ', '\t', 'function f() {\n', 'word ', 'straße ', '漢字', '👩‍🚀', '\u00a0', '. ', '\ufeff'],
  'x'.repeat(300),
  'word '.repeat(120),
);
const texts = fc.oneof(
  fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 400 }).map((text) => text.toWellFormed()),
);
const kinds = fc.constantFrom<TextKind>('text', 'markdown', 'code');
const budgets = fc.integer({ min: 1, max: 100 });

describe('chunks of any text', () => {
  test('cover every byte that is not white space exactly once, in order, as it is in the file', () => {
    fc.assert(
      fc.property(texts, kinds, budgets, (text, kind, budget) => {
        const bytes = new TextEncoder().encode(text);
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
        let at = 0;
        for (const [ordinal, chunk] of cut(text, kind, budget).entries()) {
          expect(chunk.ordinal).toBe(ordinal);
          expect(chunk.startByte).toBeGreaterThanOrEqual(at);
          expect(chunk.endByte).toBeGreaterThan(chunk.startByte);
          expect(decoder.decode(bytes.subarray(at, chunk.startByte)).trim()).toBe('');
          expect(decoder.decode(bytes.subarray(chunk.startByte, chunk.endByte))).toBe(chunk.text);
          expect(chunk.text.trim()).not.toBe('');
          at = chunk.endByte;
        }
        expect(decoder.decode(bytes.subarray(at)).trim()).toBe('');
      }),
      { numRuns: 400 },
    );
  }, 30_000);

  test('stay within the budget of tokens, unless one character alone exceeds it', () => {
    fc.assert(
      fc.property(texts, kinds, budgets, (text, kind, budget) => {
        for (const chunk of cut(text, kind, budget)) {
          if ([...chunk.text.trim()].length > 2)
            expect(estimateTokens(chunk.text)).toBeLessThanOrEqual(budget + 1);
        }
      }),
      { numRuns: 300 },
    );
  }, 30_000);
});

describe('chunks follow the text', () => {
  test('each heading begins a chunk and names what is under it', () => {
    const text =
      '# Guide\n\n## Wake\n\nSend a packet.\n\nWait.\n\nSleep\n-----\n\nGood night.\n\n# Other #\nDone.\n';
    expect(cut(text).map((chunk) => [chunk.heading, chunk.text])).toEqual([
      ['Guide › Wake', '# Guide\n\n## Wake\n\nSend a packet.\n\nWait.'],
      ['Guide › Sleep', 'Sleep\n-----\n\nGood night.'],
      ['Other', '# Other #\nDone.'],
    ]);
  });

  test('a # inside a fence or front matter is not a heading', () => {
    const text = '---\ntitle: x\n# not one\n---\n# Real\n\n```sh\n# comment\n\n# another\n```\nafter\n';
    expect(cut(text).map((chunk) => chunk.heading)).toEqual(['', 'Real']);
  });

  test('plain text has no headings, and is cut at blank lines', () => {
    const paragraph = 'word '.repeat(30).trim();
    const chunks = cut(`${paragraph}\n\n${paragraph}\n\n# ${paragraph}`, 'text', 70);
    expect(chunks.map((chunk) => chunk.heading)).toEqual(['', '', '']);
    expect(chunks[0]?.text).toBe(paragraph);
  });

  test('code is cut before a definition rather than between its blank lines', () => {
    const body = (name: string) => `function ${name}() {\n  const a = 1;\n\n  return a + ${name};\n}`;
    const chunks = cut(['one', 'two', 'three', 'four'].map(body).join('\n\n'), 'code', 36);
    expect(chunks.length).toBeGreaterThan(1);
    for (const chunk of chunks) expect(chunk.text.startsWith('function ')).toBe(true);
  });

  test('a line of 200 kB without a blank is cut between characters', () => {
    const text = '漢👩‍🚀é'.repeat(20_000);
    const chunks = cut(text, 'text', 320);
    expect(chunks.map((chunk) => chunk.text).join('')).toBe(text);
    expect(chunks.every((chunk) => chunk.text.isWellFormed())).toBe(true);
    expect(chunks.at(-1)?.endByte).toBe(utf8Length(text));
  });
});

describe('offsets in other encodings and in HTML', () => {
  const text = 'Grüße aus Köln\n\nund noch mehr davon, für alle';
  test.each([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), (bytes: Buffer) => bytes.toString('utf8')],
    ['UTF-16 LE', Buffer.from(`\ufeff${text}`, 'utf16le'), (bytes: Buffer) => bytes.toString('utf16le')],
    [
      'UTF-16 BE',
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      (bytes: Buffer) => Buffer.from(bytes).swap16().toString('utf16le'),
    ],
    ['Latin-1', Buffer.from(text, 'latin1'), (bytes: Buffer) => bytes.toString('latin1')],
  ])('%s', (_name, bytes, decode) => {
    const file = cutFile(bytes, 'a.txt', 6);
    if (!file.ok) throw new Error(file.reason.code);
    expect(file.chunks.length).toBeGreaterThan(2);
    for (const chunk of file.chunks) {
      expect(decode(bytes.subarray(chunk.startByte, chunk.endByte))).toBe(chunk.text);
    }
    const apart = file.chunks.map((chunk) => chunk.text).join('');
    expect(apart.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
  });

  test('HTML: what a reader sees, with headings, and its place in the source', () => {
    const source =
      '<!doctype html><html><head><title>Page</title><style>p{}</style></head><body>' +
      '<h1>First &amp; last</h1><p>Some <b>bold</b> caf&eacute; text.</p><script>var no = 1;</script>' +
      '<h2>Second</h2><pre>a\n  b</pre><p>The   end</p></body></html>';
    const file = cutFile(Buffer.from(source), 'page.html', 100);
    if (!file.ok) throw new Error(file.reason.code);
    expect(file.language).toBe('html');
    expect(file.chunks.map((chunk) => [chunk.heading, chunk.text])).toEqual([
      ['', 'Page'],
      ['First & last', 'First & last\n\nSome bold café text.'],
      ['First & last › Second', 'Second\n\na\n  b\n\nThe end'],
    ]);
    const at = (index: number) =>
      source.slice(file.chunks[index]?.startByte ?? 0, file.chunks[index]?.endByte ?? 0);
    expect(at(0)).toBe('Page');
    expect(at(1)).toBe('First &amp; last</h1><p>Some <b>bold</b> caf&eacute; text.');
    expect(at(2).startsWith('Second</h2>')).toBe(true);
    expect(at(2).endsWith('The   end')).toBe(true);
  });

  test('HTML of any shape: no script, offsets rising and inside the file', () => {
    const tags = fc.constantFrom(
      '<p>',
      '</p>',
      '<script>',
      '</script>',
      '<h2>',
      '</h2>',
      '<br>',
      '&amp;',
      '<',
      '&#x1F600;',
      '<pre>',
      '</pre>',
      '<!--',
      '-->',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(tags, fc.string({ unit: 'grapheme', maxLength: 12 })), { maxLength: 40 }),
        (parts) => {
          const bytes = Buffer.from(`<!doctype html>${parts.join('').replaceAll('\0', '')}`);
          const file = cutFile(bytes, 'x.html', 20);
          let at = 0;
          for (const chunk of file.ok ? file.chunks : []) {
            expect(chunk.startByte).toBeGreaterThanOrEqual(at);
            expect(chunk.endByte).toBeGreaterThanOrEqual(chunk.startByte);
            at = chunk.endByte;
          }
          expect(at).toBeLessThanOrEqual(bytes.length);
        },
      ),
    );
  });
});
