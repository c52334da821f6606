/** Charsets that are rare: read as what they are or refused, and never as another one. */
import { describe, expect, it } from 'vitest';
import { recognise } from '../../../../electron/core/indexing/recognise-file.ts';

const bytes = (base64: string) => Buffer.from(base64, 'base64');
const RUSSIAN =
  'Компьютер выключается ночью, если им никто не пользуется. Настройка сервера занимает минуту.';
const BULGARIAN = 'Компютърът се изключва през нощта, ако никой не го използва. Настройката отнема минута.';
const CHINESE = '如果没有人使用，电脑会在夜里关机。设置需要一分钟。';
const JAPANESE = '誰も使っていなければ、コンピュータは夜に\n電源が切れます。';
const wide = (text: string) => Buffer.from(text, 'utf16le');
const swapped = (text: string) => wide(text).swap16();

describe('a text without a mark', () => {
  it.each([
    ['Russian, UTF-16', wide(RUSSIAN), 'utf-16le', RUSSIAN],
    ['Russian, UTF-16 in the other order', swapped(RUSSIAN), 'utf-16be', RUSSIAN],
    ['Greek with a name in Latin letters', swapped('Ο gpu-box σβήνει τη νύχτα.\r\n'), 'utf-16be', null],
    ['Chinese, UTF-16', wide(`${CHINESE}\n${CHINESE}`), 'utf-16le', null],
    ['Japanese, UTF-16 in the other order', swapped(JAPANESE), 'utf-16be', JAPANESE],
    ['Hebrew, UTF-16', wide('המחשב נכבה בלילה אם איש אינו משתמש בו.'), 'utf-16le', null],
    [
      'Russian of an old Mac',
      bytes(
        'iu7s7/z+8uXwIOL76uv+9+Dl8vHfIO3u9/z+LCDl8evoIOjsIO3o6vLuIO3lIO/u6/zn8+Xy8d8uII3g8fLw7unq4CDx5fDi5fDgIOfg7ejs4OXyIOzo7fPy8y4=',
      ),
      'x-mac-cyrillic',
      RUSSIAN,
    ],
    [
      'Bulgarian',
      bytes(
        'yu7s7/7y+vD68iDx5SDo5+rr/vfi4CDv8OXnIO3u+fLgLCDg6u4g7ejq7ukg7eUg4+4g6Ofv7uvn4uAuIM3g8fLw7unq4PLgIO7y7eXs4CDs6O3z8uAu',
      ),
      'windows-1251',
      BULGARIAN,
    ],
  ])('in %s is read', (_what, file, encoding, text) => {
    const read = recognise(file, 'note.txt');
    expect(read).toMatchObject({ ok: true, encoding });
    expect(read.ok && read.text).toBe(text ?? new TextDecoder(encoding).decode(file));
  });

  it.each([
    [
      'Korean with a syllable that Windows added',
      bytes(
        'vsa5q7W1ILvnv+vHz8H2IL7KwLi46SDExMe7xc20wiC547+hILKowf20z7TZLiCU7iCabyC8s8Gkv6G0wiDAzyC60MDMILDJuLO0z7TZLg==',
      ),
    ],
    ['German in UTF-7', Buffer.from('Die Gr+APYA3w-e des Geh+AOQ-uses +APw-berrascht. F+APw-r jeden.')],
    ['Chinese in HZ', bytes('fntIZzl7QztTUEhLSjlTQyMsNWdEVDthVFpSOUBvOVg7eiEjfn0=')],
    [
      'Korean in seven bits',
      bytes('GyQpQw4+RjkrNTUPIA47Zz9rR09Bdg8gDj5KQDg4aQ8gDkRERztFTTRCDyAOOWM/IQ8gDjIoQX00TzRZDy4='),
    ],
    [
      'French of an old Mac',
      bytes(
        'TNWOdI4gZGVybmllciwgbGUgc2VydmV1ciBhII50jiBkjnBsYWOOIIggY5l0ji4ggmEgbmUgc9Vlc3QgcGFzIHRyj3MgYmllbiBwYXNzji4=',
      ),
    ],
    [
      'German of DOS',
      bytes('RGllIEdylOFlIGRlcyBHZWiEdXNlcyCBYmVycmFzY2h0LiBGgXIgamVkZW4gUmVjaG5lciBnaWJ0IGVzLg=='),
    ],
    ['English of a mainframe', bytes('44iFQIOWlJeko4WZQIeWhaJAloaGQIGjQJWJh4ijS0DVloKWhKhAlYWFhKJAiaNL')],
    [
      'UTF-32',
      bytes(
        'VAAAAGgAAABlAAAAIAAAAGMAAABvAAAAbQAAAHAAAAB1AAAAdAAAAGUAAAByAAAAIAAAAGcAAABvAAAAZQAAAHMAAAAgAAAAbwAAAGYAAABmAAAAIAAAAGEAAAB0AAAAIAAAAG4AAABpAAAAZwAAAGgAAAB0AAAA',
      ),
    ],
  ])('in %s is refused', (_what, file) => {
    expect(recognise(file, 'note.txt').ok).toBe(false);
  });

  it.each([
    ['sums', 'let total = a+b+AbcDefGh-c; x = y+ABCDEF;\nz+=+1-2;\n'.repeat(5)],
    ['an address', 'mail ann+work-list@example.org or bob+AbC-d@example.org\n'],
    ['a shell', 'echo ~{a,b}~ $x ~{foo~}\n'],
  ])('with %s stays ASCII', (_what, text) => {
    expect(recognise(Buffer.from(text), 'note.txt')).toMatchObject({ ok: true, encoding: 'utf-8' });
  });

  it('is no wide text where it is a table of numbers', () => {
    const tables = [
      Uint16Array.from({ length: 400 }, (_, at) => (at * 7919) % 65_536),
      Uint32Array.from({ length: 400 }, (_, at) => at * 3),
    ];
    for (const { buffer } of tables) expect(recognise(new Uint8Array(buffer), 'table.bin').ok).toBe(false);
  });
});
