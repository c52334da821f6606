import { describe, expect, it } from 'vitest';
import { decodeTextFile } from '../../../shared/text-file.ts';

const utf16 = (text: string, mark = '\ufeff') => Buffer.from(mark + text, 'utf16le');

describe('a text file that a person chose', () => {
  const text = 'NAME=größe\r\nOTHER=漢字\r\n';

  it.each([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE', utf16(text)],
    ['UTF-16BE', utf16(text).swap16()],
    ['UTF-16LE without a mark', utf16(text, '')],
    ['UTF-16BE without a mark', utf16(text, '').swap16()],
  ])('is read as %s', (_encoding, bytes) => {
    expect(decodeTextFile(bytes)).toBe(text);
  });

  it.each([
    ['another charset', Buffer.from('größe', 'latin1')],
    ['a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0])],
    ['half of UTF-16', utf16(text).subarray(0, 7)],
  ])('is not read where it is %s', (_what, bytes) => {
    expect(decodeTextFile(bytes)).toBeNull();
  });

  it('may be empty', () => {
    expect(decodeTextFile(new Uint8Array())).toBe('');
  });
});
