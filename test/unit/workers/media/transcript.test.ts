import { describe, expect, it } from 'vitest';
import {
  joinSpoken,
  type Spoken,
  thinned,
  transcriptOf,
} from '../../../../electron/workers/media/transcript.ts';
import { MOST_PLACES, type TextPlace } from '../../../../shared/models/places.ts';

const said = (start: number, end: number, text: string): Spoken => ({ start, end, text });

describe('two pieces of a recording', () => {
  it('are joined as they are where nothing was repeated', () => {
    const [one, other] = [said(0, 3, 'the lamp is on'), said(3, 6, 'is on the table')];
    expect(joinSpoken([one], [other], 0)).toEqual([one, other]);
    expect(joinSpoken([], [other], 2)).toEqual([other]);
  });

  it.each([
    ['whole words', 'and the lamp is on.', 'The lamp is on, the table', ', the table'.slice(2)],
    ['a last word that was cut', 'and the lamp is o', 'the lamp is on the table', 'on the table'],
    ['no word', 'and the lamp', 'was green', 'was green'],
  ])('lose %s that were heard twice', (_, before, next, left) => {
    const joined = joinSpoken([said(0, 10, before)], [said(8, 14, next)], 2);
    expect(joined.map(({ text }) => text)).toEqual([before, left]);
  });

  it('lose a part that only repeats, and keep the time of the rest', () => {
    const joined = joinSpoken(
      [said(0, 4, 'one two'), said(4, 10, 'three four')],
      [said(8, 9, 'Three four'), said(10, 14, 'five six')],
      2,
    );
    expect(joined).toEqual([said(0, 4, 'one two'), said(4, 10, 'three four'), said(10, 14, 'five six')]);
    const split = joinSpoken([said(0, 10, 'one two')], [said(8, 12, 'one two three four')], 2);
    expect(split[1]).toEqual(said(10, 12, 'three four'));
  });
});

describe('a transcript', () => {
  it('has the time of each part where it begins', () => {
    const { text, places } = transcriptOf([said(0, 2, ' Hello  there. '), said(2.345, 4, 'It is\nlate.')]);
    expect(text).toBe('Hello there. It is late.');
    expect(places).toEqual([
      { kind: 'time', number: 0, name: null, start: 0 },
      { kind: 'time', number: 2.35, name: null, start: 13 },
    ]);
    expect(text.slice(places[1]?.start)).toBe('It is late.');
  });

  it('begins a paragraph after a pause, and after a sentence in a long one', () => {
    expect(transcriptOf([said(0, 1, 'One.'), said(5, 6, 'Two.')]).text).toBe('One.\n\nTwo.');
    const long = `${'word '.repeat(110)}end.`;
    expect(transcriptOf([said(0, 1, long), said(1, 2, 'Next.')]).text).toBe(`${long}\n\nNext.`);
    const open = 'word '.repeat(110).trim();
    expect(transcriptOf([said(0, 1, open), said(1, 2, 'next.')]).text).toBe(`${open} next.`);
  });

  it('of nothing is empty', () => {
    expect(transcriptOf([])).toEqual({ text: '', places: [] });
    expect(transcriptOf([said(0, 1, '  ')])).toEqual({ text: '', places: [] });
  });

  it('keeps no more places than there may be, over the whole length', () => {
    const places = Array.from(
      { length: MOST_PLACES * 2 + 1 },
      (_, index): TextPlace => ({ kind: 'time', number: index, name: null, start: index }),
    );
    const kept = thinned(places);
    expect(kept.length).toBeLessThanOrEqual(MOST_PLACES);
    expect(kept[0]?.number).toBe(0);
    expect(kept.at(-1)?.number).toBeGreaterThan(MOST_PLACES * 2 - 3);
    expect(thinned(places.slice(0, 3))).toHaveLength(3);
  });
});
