import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutFile } from '../../../../electron/core/indexing/cut.ts';
import { withoutData } from '../../../../electron/core/indexing/encoded-data.ts';
import { jsonText } from '../../../../electron/core/indexing/json-text.ts';
import { xmlText } from '../../../../electron/core/indexing/xml-text.ts';

const base64 = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7919 + (at >> 3) * 104_729) & 255)).toString(
    'base64',
  );
const cut = (path: string, content: string) => {
  const file = cutFile(Buffer.from(content), path, 100);
  return file.ok ? file.chunks : file;
};
const textOf = (path: string, content: string) => {
  const chunks = cut(path, content);
  return Array.isArray(chunks) ? chunks.map(({ text }) => text).join('\n') : chunks.reason.code;
};

describe('encoded data', () => {
  const picture = base64(3000);

  it.each([
    ['note.md', `Before.\n\n![p](data:image/png;base64,${picture})\n\nAfter.`],
    ['note.md', `Before.\n\n[p]: <data:image/png;charset=x;base64,${picture}>\n\nAfter.`],
    ['style.css', `.before { background: url("data:font/woff2;base64,${picture}") }\n.after {}`],
    ['page.md', `Before <img src="data:image/svg+xml,%3Csvg%20${'%20'.repeat(300)}%3E"> After`],
    ['key.txt', `Before\n${(picture.match(/.{1,64}/g) ?? []).join('\n')}\nAfter`],
    ['mail.txt', `Before\n${(picture.match(/.{1,76}/g) ?? []).join('\r\n')}\r\nAfter`],
    ['data.json', JSON.stringify({ before: 'Before', picture, after: 'After' })],
    [
      'app.js.map',
      JSON.stringify({
        version: 3,
        sources: ['before.ts'],
        mappings: 'AAAA,SAAS;AACb,GAAG,IAAI,'.repeat(50),
        names: ['after'],
      }),
    ],
    ['hash.txt', `Before ${'0f3a'.repeat(100)} After`],
  ])('is left out of %s', (path, content) => {
    const text = textOf(path, content);
    expect(text).not.toMatch(/[A-Za-z0-9+/%,;]{100}/);
    expect(text).toMatch(/before/i);
    expect(text).toMatch(/after/i);
  });

  it.each([
    'x'.repeat(300),
    'an_identifier_'.repeat(30),
    'commit 0f3a9b1c2d4e5f60718293a4b5c6d7e8f9012345',
    'data:text/plain,hello is an example',
    '----------'.repeat(40),
    '{ "mappings": "ctrl+a,select-all;ctrl+c,copy the selection; and many more words" }',
  ])('is not %s', (content) => {
    expect(withoutData(content).text).toBe(content);
  });

  it('alone makes a file without text', () => {
    expect(cut('key.txt', picture)).toMatchObject({ ok: false, code: 'FILE_EMPTY' });
  });

  it('leaves the places of the rest right', () => {
    const content = `ä Before data:image/png;base64,${picture} After`;
    const [chunk] = cut('note.txt', content) as { startByte: number; endByte: number }[];
    expect(chunk).toMatchObject({ startByte: 0, endByte: Buffer.byteLength(content) });
  });
});

describe('the text of JSON', () => {
  it('is what its strings say', () => {
    const content = JSON.stringify({ note: 'One\nTwo\t"quoted" C:\\new' }).replace('One', '\\u00c9t\\u00e9');
    expect(textOf('data.json', content)).toBe('{"note":"Été\nTwo\t"quoted" C:\\new"}');
    expect(textOf('data.json', '{"a": "\\ud83d\\ude00 \\ud83d"}')).toBe('{"a": "😀 \ufffd"}');
  });

  it('leaves comments and what is no JSON as they are', () => {
    const content = '// don\'t "\\n" here\n{"a": "x\\ny"} /* "\\t" */ "open\\n\n"b\\u00e9"';
    expect(jsonText(content).text).toBe('// don\'t "\\n" here\n{"a": "x\ny"} /* "\\t" */ "open\\n\n"bé"');
  });

  it('has the places of its source, whatever is in its strings', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }).map((text) => text.toWellFormed())), (list) => {
        const source = JSON.stringify(list).replaceAll(
          /[^\x20-\x7e]/g,
          (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
        );
        const mapped = jsonText(source);
        for (const text of list) if (!/\p{Cc}/u.test(text)) expect(mapped.text).toContain(text);
        for (let at = 1; at <= mapped.text.length; at += 1) {
          expect(mapped.sourceStart(at)).toBeGreaterThanOrEqual(mapped.sourceStart(at - 1));
          expect(mapped.sourceEnd(at)).toBeGreaterThan(mapped.sourceStart(at - 1));
        }
        expect(mapped.sourceEnd(mapped.text.length)).toBe(source.length);
      }),
    );
  });

  it('takes time in proportion to its length, whatever is in it', () => {
    expect(jsonText(`"${'\\"'.repeat(200_000)}\n"\\u00e9"`).text.endsWith('"é"')).toBe(true);
    expect(xmlText(`<a ${'b'.repeat(200_000)}>x</a>`).text).toBe('x');
  });

  it('is decoded in Java’s properties too', () => {
    expect(textOf('app.properties', 'title=R\\u00e9union\npath=C:\\\\users')).toBe(
      'title=Réunion\npath=C:\\\\users',
    );
  });
});

describe('a notebook', () => {
  const notebook = (cells: unknown[]) => JSON.stringify({ nbformat: 4, metadata: { x: 'hidden' }, cells });

  it('is its cells, with the headings of its text', () => {
    const chunks = cut(
      'study.ipynb',
      notebook([
        { cell_type: 'markdown', source: ['# Réseau\n', 'About layers.'] },
        {
          outputs: [
            { data: { 'image/png': base64(2000), 'text/plain': 'printed' } },
            { text: ['also printed'] },
          ],
          source: '# no heading\nprint("x\\ty")',
          cell_type: 'code',
        },
        { cell_type: 'raw', source: 'raw words' },
      ]),
    ) as { text: string; heading: string }[];
    const text = chunks.map((chunk) => chunk.text).join('\n');
    expect(chunks.map(({ heading }) => heading)).toEqual(['Réseau']);
    expect(text).toContain('# Réseau\nAbout layers.');
    expect(text).toContain('# no heading\nprint("x\\ty")');
    expect(text).toContain('raw words');
    expect(text).not.toMatch(/printed|hidden|cell_type|image/);
  });

  it('of an older form has its cells in worksheets', () => {
    const old = { worksheets: [{ cells: [{ cell_type: 'code', input: ['first()\n', 'second()'] }] }] };
    expect(textOf('old.ipynb', JSON.stringify(old))).toContain('first()\nsecond()');
  });

  it('that is damaged is read as any JSON', () => {
    expect(textOf('half.ipynb', '{"cells": [{"source": "caf\\u00e9')).toContain('caf');
  });
});

describe('the text of XML', () => {
  it.each([
    ['<a>P&#345;&#xed;li&#x161; &amp; &lt;co&gt; &unknown;</a>', 'Příliš & <co> &unknown;'],
    ['<a><b>one</b><b>two</b></a>', 'one\ntwo'],
    ['<p>Ge<i>samt</i>plan</p>', 'Gesamtplan'],
    ['<a><!-- why: x --><![CDATA[raw <b> & text]]></a>', 'why: x \nraw <b> & text'],
    ['<!DOCTYPE a [ <!ENTITY x "y>"> ]><a>z</a>', 'z'],
    ['<string name="greeting" xmlns="urn:x" id="a1">Hello</string>', 'greeting\nHello'],
    ['<a t="1 &gt; 0 ab">x > y</a>', '1 > 0 ab\nx > y'],
    ['<path d="M0 0 L10"/><title>Icon</title>', 'Icon'],
    ['<a>open <b', 'open '],
    ['a < b and <c>d</c>', 'a < b and d'],
  ])('of %s', (source, text) => {
    expect(xmlText(source).text.trim()).toBe(text.trim());
  });

  it('has its places in the file', () => {
    const content = '<a>\n  <b>na&#239;ve words</b>\n</a>';
    const [chunk] = cut('a.xml', content) as { text: string; startByte: number; endByte: number }[];
    expect(chunk?.text).toBe('naïve words');
    expect(content.slice(chunk?.startByte, chunk?.endByte)).toBe('na&#239;ve words');
  });

  it('takes time in proportion to its length, whatever is in it', () => {
    for (const piece of ['<', '<!', '<!--', '<![CDATA[', '<a b="', '&#1', '<!DOCTYPE [', ']]>', '<?x ']) {
      expect(() => xmlText(piece.repeat(50_000))).not.toThrow();
    }
  });

  it('that is XHTML is read as a page', () => {
    const page =
      '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html><body><h1>Title</h1><p>Text</p></body></html>';
    expect(cut('page.xml', page)).toMatchObject([{ heading: 'Title' }]);
  });
});
