import { describe, expect, test } from 'vitest';
import { recognise } from '../../../../electron/core/indexing/recognise-file.ts';
import { fact } from '../../../../shared/models/message.ts';

const text = (content: string) => Buffer.from(content);
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('recognise, by content first and by name second', () => {
  test.each([
    ['notes', text('Just some words.\nAnd more.'), 'text', 'text', 'utf-8'],
    ['README', text('# Title\n\nSee [this](http://x) and **that**.'), 'markdown', 'markdown', 'utf-8'],
    ['notes.md', text('plain words'), 'markdown', 'markdown', 'utf-8'],
    ['page.txt', text('<!DOCTYPE html><p>x'), 'html', 'html', 'utf-8'],
    ['page', text('<!-- a comment -->\n<html lang="en"><p>x'), 'html', 'html', 'utf-8'],
    ['index.html', text('<p>x'), 'html', 'html', 'utf-8'],
    ['template.php', text('<!doctype html><?php x ?>'), 'code', 'php', 'utf-8'],
    ['tool', text('#!/usr/bin/env -S python3 -u\nprint(1)'), 'code', 'python', 'utf-8'],
    ['run', text('#!/bin/sh\necho'), 'code', 'shell', 'utf-8'],
    ['data', text('{"a": [1, 2]}'), 'code', 'json', 'utf-8'],
    ['a.ts', text('export const a = 1;'), 'code', 'typescript', 'utf-8'],
    ['src/Dockerfile', text('FROM scratch'), 'code', 'dockerfile', 'utf-8'],
    ['bom.txt', text('\ufeffwords'), 'text', 'text', 'utf-8'],
    ['le.txt', Buffer.from('\ufeffwords', 'utf16le'), 'text', 'text', 'utf-16le'],
    ['be.txt', Buffer.from('\ufeffwords', 'utf16le').swap16(), 'text', 'text', 'utf-16be'],
    ['latin.txt', Buffer.from('Grüße aus Köln', 'latin1'), 'text', 'text', 'windows-1252'],
    ['quotes.txt', bytes(0x93, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x94), 'text', 'text', 'windows-1252'],
    ['ansi.log', text('\u001b[31mred\u001b[0m and calm again'), 'text', 'text', 'utf-8'],
    ['ID3 notes.txt', text('ID3 tags are described here.'), 'text', 'text', 'utf-8'],
  ])('%s', (path, content, kind, language, encoding) => {
    expect(recognise(content, path)).toMatchObject({ ok: true, kind, language, encoding });
  });

  test.each([
    ['empty.txt', bytes(), 'FILE_EMPTY', fact('FILE_IS_EMPTY')],
    ['blank.txt', text(' \r\n\t\ufeff '), 'FILE_EMPTY', fact('FILE_HAS_ONLY_SPACE')],
    ['nul.txt', text('words\0words'), 'FILE_BINARY', fact('FILE_IS_NOT_TEXT')],
    ['late-nul.txt', text(`${'words '.repeat(50_000)}\0`), 'FILE_BINARY', fact('FILE_IS_NOT_TEXT')],
    ['paper.txt', text('%PDF-1.7 all printable'), 'FILE_BINARY', fact('FILE_HAS_FORMAT', { format: 'pdf' })],
    [
      'archive.md',
      Buffer.from('PK\x03\x04abcdefgh', 'latin1'),
      'FILE_BINARY',
      fact('FILE_HAS_FORMAT', { format: 'zip' }),
    ],
    [
      'picture.txt',
      bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a),
      'FILE_BINARY',
      fact('FILE_HAS_FORMAT', { format: 'png' }),
    ],
    [
      'song.txt',
      Buffer.from('ID3\x03\x01\x02\x04\x05\x06', 'latin1'),
      'FILE_BINARY',
      fact('FILE_HAS_FORMAT', { format: 'mp3' }),
    ],
    [
      'controls.txt',
      Buffer.from('\x01\x02\x03\x04\x05\x06words', 'latin1'),
      'FILE_BINARY',
      fact('FILE_IS_NOT_TEXT'),
    ],
    ['utf32.txt', bytes(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), 'FILE_ENCODING', fact('FILE_IS_UTF_32')],
    [
      'half-utf16.txt',
      bytes(0xff, 0xfe, 0x61, 0, 0x62),
      'FILE_ENCODING',
      fact('FILE_NOT_VALID_ENCODING', { encoding: 'UTF-16LE' }),
    ],
    [
      'broken-bom.txt',
      bytes(0xef, 0xbb, 0xbf, 0xff, 0x61),
      'FILE_ENCODING',
      fact('FILE_NOT_VALID_ENCODING', { encoding: 'UTF-8' }),
    ],
    [
      'broken-utf8.txt',
      Buffer.concat([text('größer höher weiter 漢字 '), bytes(0xe6, 0xbc)]),
      'FILE_ENCODING',
      fact('FILE_ENCODING_UNKNOWN'),
    ],
  ])('%s is refused as %s', (path, content, code, reason) => {
    expect(recognise(content, path)).toEqual({ ok: false, code, reason });
  });

  test('Windows-1252 has its own upper controls', () => {
    const result = recognise(
      bytes(0x93, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x80, 0x94),
      'x.txt',
    );
    expect(result).toMatchObject({ ok: true, text: '“abcdefgh€”' });
  });
});
