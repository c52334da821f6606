import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filePlaces, placeAt } from '../../../../electron/core/indexing/places.ts';
import { MOST_PLACES, type TextPlace } from '../../../../shared/models/places.ts';
import { addressAt, placeText } from '../../../../shared/text/place-text.ts';

const page = (number: number, start: number): TextPlace => ({ kind: 'page', number, name: null, start });

describe('the places of a text in its file', () => {
  it('are counted in bytes, after what is before the text', () => {
    const text = 'äöü 😀 last';
    expect(filePlaces({ places: [page(1, 0), page(2, 4), page(3, 7)] }, text, 10)).toMatchObject([
      { number: 1, startByte: 10 },
      { number: 2, startByte: 17 },
      { number: 3, startByte: 22 },
    ]);
  });

  it('are the same as those of the encoded text, wherever they begin', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), (parts) => {
        let start = 0;
        const places = parts.map((part, at) => {
          const place = page(at + 1, start);
          start += part.length;
          return place;
        });
        const found = filePlaces({ places }, parts.join(''), 0);
        let bytes = 0;
        for (const [at, part] of parts.entries()) {
          expect(found[at]?.startByte).toBe(bytes);
          bytes += Buffer.byteLength(part);
        }
      }),
    );
  });

  it.each([
    ['no places', undefined, 0],
    ['something else', 'page 1', 0],
    ['an odd one', [page(1, 0), { kind: 'page' }], 0],
    ['one that goes back', [page(1, 5), page(2, 3)], 1],
    ['one beyond the end', [page(1, 0), page(2, 10)], 1],
    ['too many', Array.from({ length: MOST_PLACES + 5 }, () => page(1, 0)), MOST_PLACES],
  ])('survive %s', (_what, places, count) => {
    expect(filePlaces({ places } as Record<string, unknown>, '0123456789', 0)).toHaveLength(count);
  });

  it('are found again by any byte in them', () => {
    const places = filePlaces({ places: [page(4, 2), page(5, 6)] }, '0123456789', 0);
    expect([1, 2, 5, 6, 99].map((byte) => placeAt(places, byte)?.number ?? null)).toEqual([null, 4, 4, 5, 5]);
    expect(placeAt(places, 3)).toEqual({ kind: 'page', number: 4, name: null });
    expect(placeAt([], 3)).toBeNull();
  });
});

describe('a place for people', () => {
  it.each([
    [{ kind: 'page', number: 3, name: null }, 'page 3'],
    [{ kind: 'sheet', number: 1, name: 'Costs' }, 'sheet "Costs"'],
    [{ kind: 'time', number: 62.9, name: null }, 'at 1:02'],
    [{ kind: 'time', number: 3725, name: null }, 'at 1:02:05'],
  ] as const)('is %o', (place, text) => {
    expect(placeText(place)).toBe(text);
  });

  it('is part of an address that opens there', () => {
    const at = { kind: 'page', number: 3, name: null } as const;
    expect(addressAt('https://example.org/a.pdf', at)).toBe('https://example.org/a.pdf#page=3');
    expect(addressAt('https://example.org/a.pdf#page=1', at)).toBe('https://example.org/a.pdf#page=1');
    expect(addressAt('a.pdf', at)).toBe('a.pdf');
    expect(addressAt('https://example.org/a', { ...at, kind: 'time' })).toBe('https://example.org/a#t=3');
    expect(addressAt('https://www.youtube.com/watch?v=abc&t=1', { ...at, kind: 'time' })).toBe(
      'https://www.youtube.com/watch?v=abc&t=3s',
    );
    expect(addressAt('https://youtu.be/abc', { ...at, kind: 'time' })).toBe('https://youtu.be/abc?t=3s');
    expect(addressAt('https://youtube.com.example/a', { ...at, kind: 'time' })).toBe(
      'https://youtube.com.example/a#t=3',
    );
    expect(addressAt('https://example.org/a', { ...at, kind: 'sheet' })).toBe('https://example.org/a');
  });
});
