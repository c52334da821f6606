import { expect, it } from 'vitest';
import { placeOfMatches } from '../../../../electron/core/indexing/places.ts';
import type { FilePlace } from '../../../../shared/models/places.ts';

const text = 'Wärme for the lecture. The copper kettle sings.';
/** The second sentence begins 20 bytes into the file more than its place in the text says. */
const places: FilePlace[] = [
  { kind: 'time', number: 0, name: null, startByte: 20 },
  { kind: 'time', number: 29, name: null, startByte: 20 + Buffer.byteLength('Wärme for the lecture. ') },
];
const at = (word: string, from = 0): [number, number] => {
  const start = text.indexOf(word, from);
  return [start, start + word.length];
};
const placed = (...highlights: [number, number][]) =>
  placeOfMatches(places, { text, highlights, startByte: 20 })?.number ?? null;

it('is where most of the match is, not where its first frequent word is', () => {
  expect(placed(at('the'), at('The'), at('copper'), at('kettle'))).toBe(29);
  expect(placed(at('lecture'), at('The'))).toBe(0);
  expect(placed(at('lecture'))).toBe(0);
  expect(placed(at('kettle'))).toBe(29);
});

it('is where the passage begins if no word matches, and nowhere before the first place', () => {
  expect(placed()).toBe(0);
  expect(placeOfMatches(places, { text, highlights: [at('for')], startByte: 0 })).toBeNull();
  expect(placeOfMatches([], { text, highlights: [at('for')], startByte: 0 })).toBeNull();
});
