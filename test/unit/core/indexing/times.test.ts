import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timesIn } from '../../../../electron/core/indexing/times.ts';

const time = (number: number, startByte: number) => ({
  kind: 'time' as const,
  number,
  name: null,
  startByte,
});

it('finds where the text of each second begins, past letters of every length', () => {
  const text = '# Tür 🔥\n\nGrüße. Ende.';
  const at = [text.indexOf('Grüße'), text.indexOf('Ende')];
  const places = at.map((index, number) => time(number, Buffer.byteLength(text.slice(0, index))));
  expect(timesIn(places, { text, startByte: 0 })).toEqual(
    at.map((index, seconds) => ({ at: index, seconds })),
  );
});

it('leaves out what is before and after the part that is shown, and pages', () => {
  const places = [
    time(1, 0),
    time(2, 10),
    { ...time(3, 12), kind: 'page' as const },
    time(4, 15),
    time(5, 40),
  ];
  expect(timesIn(places, { text: '0123456789', startByte: 10 })).toEqual([
    { at: 0, seconds: 2 },
    { at: 5, seconds: 4 },
  ]);
  expect(timesIn([], { text: 'x', startByte: 0 })).toEqual([]);
});

it('agrees with the bytes of any text', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
      fc.nat(1000),
      (text, startByte) => {
        let end = 0;
        const starts = [...text].map((letter) => {
          end += letter.length;
          return end - letter.length;
        });
        const places = starts.map((at) => time(at, startByte + Buffer.byteLength(text.slice(0, at))));
        expect(timesIn(places, { text, startByte }).map(({ at }) => at)).toEqual(starts);
      },
    ),
  );
});
