import { describe, expect, it } from 'vitest';
import { declaredCharset, decoderFor } from '../../../../electron/core/indexing/charset-declared.ts';
import { cutFile } from '../../../../electron/core/indexing/cut.ts';
import { createByteAt } from '../../../../electron/core/indexing/encoding.ts';
import { recognise } from '../../../../electron/core/indexing/recognise-file.ts';
import { encodeLegacy, LEGACY_TEXTS } from '../../../fakes/legacy-texts.ts';

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** How a text of another language appears in files. */
const FORMS: readonly ((sentences: readonly string[]) => string)[] = [
  (sentences) => sentences.join('\n'),
  (sentences) => `/* ${sentences[0]} */\nint total = 0;\n`,
  (sentences) => `Things to buy\nThe note says: ${sentences[1]}\nNothing else, in plain English.\n`,
  (sentences) => `${sentences[2]}`,
];

const samples = LEGACY_TEXTS.flatMap(({ language, charsets, sentences }) =>
  charsets.flatMap((charset) =>
    FORMS.flatMap((form, at) => {
      const text = form(sentences);
      const bytes = encodeLegacy(text, charset);
      return bytes === null || bytes.every((byte) => byte < 0x80)
        ? []
        : [{ language, charset, at, text, bytes }];
    }),
  ),
);

describe('a text that names no charset', () => {
  it.each(samples)('is read as it is, or refused: $language in $charset, form $at', ({ text, bytes }) => {
    const file = recognise(bytes, 'note.txt');
    if (file.ok) expect(file.text).toBe(text);
    else expect(file.code).toBe('FILE_ENCODING');
  });

  it('is read where it has some sentences', () => {
    const refused = samples.filter(({ at, bytes }) => at === 0 && !recognise(bytes, 'note.txt').ok);
    expect(refused.map(({ language, charset }) => `${language} ${charset}`)).toEqual([]);
    const all = samples.filter(({ bytes }) => recognise(bytes, 'note.txt').ok);
    expect(all.length / samples.length).toBeGreaterThan(0.85);
  });

  it('keeps the places of its characters, whatever their bytes', () => {
    for (const { charset, text, bytes } of samples.filter(({ at }) => at === 2)) {
      const byteAt = createByteAt(text, charset, 0, bytes);
      let byte = 0;
      for (let at = 0; at < text.length; at += 1) {
        expect(byteAt(at)).toBe(byte);
        byte += encodeLegacy(text.charAt(at), charset)?.length ?? 0;
      }
      expect(byteAt(text.length)).toBe(bytes.length);
      expect(byteAt(3)).toBe(encodeLegacy(text.slice(0, 3), charset)?.length);
    }
  });

  it.each([
    ['It’s 5 € – or “more”…', '5 €'],
    ['Acme® costs ½ of it; 25 °C, 10 µF, 3 × 4 m²', '3 × 4'],
  ])('is Windows-1252 where its only others are signs: %s', (text) => {
    const bytes = encodeLegacy(text, 'windows-1252') ?? new Uint8Array();
    expect(recognise(bytes, 'note.txt')).toMatchObject({ ok: true, text });
  });
});

describe('a text that names its charset', () => {
  const russian = encodeLegacy('Настройка', 'koi8-r') ?? new Uint8Array();
  const with_ = (head: string, tail = '') => Buffer.concat([latin1(head), russian, latin1(tail)]);

  it.each([
    ['page.html', with_('<html><meta charset="koi8-r"><p>')],
    ['page.html', with_("<html><meta http-equiv=Content-Type content='text/html; charset=koi8-r'><p>")],
    ['feed.xml', with_('<?xml version="1.0" encoding="KOI8-R"?><a>', '</a>')],
    ['style.css', with_('@charset "koi8-r"; /* ', ' */')],
    ['tool.py', with_('#!/usr/bin/python\n# -*- coding: koi8-r -*-\n# ')],
    ['list.el', with_(';; -*- mode: lisp; coding: koi8-r-unix -*-\n; ')],
    ['note.txt', with_('', '\n\n# vim: set fileencoding=koi8-r :\n')],
    ['de.po', with_('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=KOI8-R\\n"\n\nmsgstr "', '"')],
  ])('is read by it: %s', (path, bytes) => {
    const file = cutFile(bytes, path, 200);
    expect(file.ok && file.chunks.some(({ text }) => text.includes('Настройка'))).toBe(true);
  });

  it('is UTF-8 where it is, whatever it says', () => {
    const bytes = Buffer.from('<html><meta charset="koi8-r"><p>Настройка');
    expect(recognise(bytes, 'page.html')).toMatchObject({ ok: true, encoding: 'utf-8' });
  });

  it('is not read by a charset that it contradicts', () => {
    const bytes = Buffer.concat([
      latin1('<?xml version="1.0" encoding="shift_jis"?><a>'),
      latin1('\xff\xff</a>'),
    ]);
    expect(recognise(bytes, 'feed.xml')).toMatchObject({ ok: false, code: 'FILE_ENCODING' });
    const utf8 = Buffer.concat([latin1('<?xml version="1.0" encoding="utf-8"?><a>'), russian]);
    expect(recognise(utf8, 'feed.xml')).toMatchObject({ encoding: 'koi8-r' });
  });

  it.each([
    ['latin1', 'windows-1252'],
    ['ISO_8859-2', 'iso-8859-2'],
    ['cp1251', 'windows-1251'],
    ['cp932', 'shift_jis'],
    ['utf8', 'utf-8'],
    ['GB2312', 'gbk'],
    ['no-such', null],
    ['iso-2022-kr', null],
    ['x-user-defined', null],
  ])('%s is decoded as %s', (name, encoding) => {
    expect(decoderFor(name)).toBe(encoding);
  });

  it('names none in text about charsets', () => {
    expect(declaredCharset(latin1('We talk of charset = koi8-r and encoding="x" here.'))).toBeNull();
  });
});

describe('other forms of Unicode', () => {
  it.each(['utf-16le', 'utf-16be'])('%s without a mark is text', (encoding) => {
    const bytes = Buffer.from('Plain words, and some ü.\n', 'utf16le');
    if (encoding === 'utf-16be') bytes.swap16();
    expect(recognise(bytes, 'note.txt')).toMatchObject({ ok: true, encoding, bomBytes: 0 });
  });

  it('ISO-2022-JP is Japanese, not ASCII', () => {
    const bytes = Buffer.concat([latin1('memo: \x1b$B%F%9%H\x1b(B end\n')]);
    expect(recognise(bytes, 'mail.txt')).toMatchObject({
      ok: true,
      encoding: 'iso-2022-jp',
      text: 'memo: テスト end\n',
    });
  });
});
