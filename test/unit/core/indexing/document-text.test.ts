import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutFile } from '../../../../electron/core/indexing/cut.ts';
import { documentText } from '../../../../electron/core/indexing/document-text.ts';
import { fileTypeOf } from '../../../../electron/core/indexing/file-type.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

function shown(bytes: Uint8Array, path: string, passage = { startByte: 0, endByte: 0 }) {
  const file = documentText(bytes, path, passage);
  if (!file.ok) throw new Error(file.code);
  return file.document;
}

/** The lines of the passage. */
function passageOf({ text, firstLine, passage }: ReturnType<typeof shown>): string {
  const lines = text.split('\n');
  return lines.slice(passage.firstLine - firstLine, passage.lastLine - firstLine + 1).join('\n');
}

describe('the text of a file around a passage', () => {
  it('is the file, with the lines that contain the bytes', () => {
    const text = '# Tide\n\nThe ship waits.\nFor the tide.\n\nNobody waits.\n';
    const startByte = text.indexOf('ship');
    const document = shown(utf8(text), 'a.md', { startByte, endByte: text.indexOf('tide.') });
    expect(document).toMatchObject({
      format: 'markdown',
      language: 'markdown',
      firstLine: 1,
      passage: { firstLine: 3, lastLine: 4 },
      more: { before: false, after: false },
    });
    expect(document.text).toBe(text);
  });

  it('does not count the line after a passage that ends with a line break', () => {
    const document = shown(utf8('one\ntwo\nthree\n'), 'a.txt', { startByte: 0, endByte: 4 });
    expect(document.passage).toEqual({ firstLine: 1, lastLine: 1 });
  });

  it('counts bytes of the encoding, after its mark', () => {
    const text = 'Fähre\r\nüber die Elbe\r\nund zurück\r\n';
    const wide = new Uint8Array([0xff, 0xfe, ...Buffer.from(text, 'utf16le')]);
    const at = text.indexOf('zurück');
    const document = shown(wide, 'a.txt', { startByte: 2 + at * 2, endByte: 2 + (at + 6) * 2 });
    expect(passageOf(document)).toBe('und zurück');
    expect(document.text).not.toContain('\r');
    const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...utf8(text)]);
    const bytes = utf8(text.slice(0, at)).length + 3;
    expect(passageOf(shown(marked, 'a.txt', { startByte: bytes, endByte: bytes + 2 }))).toBe('und zurück');
  });

  it('is what a page says, not its tags', () => {
    const page = '<!doctype html><title>x</title><p>First line.</p><p>The <b>harbour</b> at dusk.</p>';
    const at = page.indexOf('harbour');
    const document = shown(utf8(page), 'a.html', { startByte: at, endByte: at + 7 });
    expect(document.format).toBe('text');
    expect(document.text).not.toContain('<');
    expect(passageOf(document)).toContain('The harbour at dusk.');
  });

  it('is the cells of a notebook', () => {
    const cells = [
      { cell_type: 'markdown', source: ['# Tide\n', 'Words.'] },
      { cell_type: 'code', source: ['print(1)'] },
    ];
    const notebook = JSON.stringify({ cells, nbformat: 4 });
    const at = notebook.indexOf('print');
    const document = shown(utf8(notebook), 'a.ipynb', { startByte: at, endByte: at + 8 });
    expect(document.format).toBe('markdown');
    expect(document.text).toContain('# Tide');
    expect(passageOf(document)).toBe('print(1)');
  });

  it('of a long file begins at a line before the passage and ends at one after it', () => {
    const lines = Array.from({ length: 60_000 }, (_, at) => `line ${at + 1}`);
    const text = `${lines.join('\n')}\n`;
    const startByte = text.indexOf('line 40000\n');
    const document = shown(utf8(text), 'a.log', { startByte, endByte: startByte + 10 });
    expect(document.text.length).toBeLessThanOrEqual(200_000);
    expect(passageOf(document)).toBe('line 40000');
    expect(document.passage.firstLine).toBe(40_000);
    expect(document.text.split('\n')[0]).toBe(`line ${document.firstLine}`);
    expect(document.more).toEqual({ before: true, after: true });
    const atEnd = shown(utf8(text), 'a.log', { startByte: text.length - 4, endByte: text.length });
    expect(atEnd.more).toEqual({ before: true, after: false });
    expect(passageOf(atEnd)).toBe('line 60000');
    expect(shown(utf8(text), 'a.log').more).toEqual({ before: false, after: true });
  });

  it('of a file with one endless line is still limited', () => {
    const text = 'word '.repeat(100_000);
    const document = shown(utf8(text), 'a.txt', { startByte: 300_000, endByte: 300_010 });
    expect(document.text.length).toBe(200_000);
    expect(document.passage).toEqual({ firstLine: 1, lastLine: 1 });
  });

  it('is the last line for bytes beyond the end of a file that has become shorter', () => {
    expect(passageOf(shown(utf8('one\ntwo'), 'a.txt', { startByte: 900, endByte: 990 }))).toBe('two');
  });

  it('is refused if it is not text', () => {
    expect(documentText(new Uint8Array([0, 1, 2]), 'a.md', { startByte: 0, endByte: 0 })).toMatchObject({
      ok: false,
      code: 'FILE_BINARY',
    });
  });

  it('contains every passage that the file is cut into', () => {
    const words = fc.constantFrom('tide', 'Fähre', '日本', 'a b', '', '# Head', '- item', '🙂');
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 60 }), (lines) => {
        const bytes = utf8(lines.join('\n'));
        const cut = cutFile(bytes, 'a.md', 40);
        if (!cut.ok) return;
        for (const chunk of cut.chunks) {
          const document = shown(bytes, 'a.md', chunk);
          expect(passageOf(document)).toContain(chunk.text.trim());
        }
      }),
    );
  });
});

describe('the kind of a file', () => {
  it.each([
    ['markdown', 'markdown'],
    ['html', 'page'],
    ['text', 'text'],
    ['python', 'code'],
    ['json', 'code'],
    ['constructor', 'code'],
  ] as const)('%s is %s', (language, type) => {
    expect(fileTypeOf(language)).toBe(type);
  });
});
