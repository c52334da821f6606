import { expect, test } from 'vitest';
import { assignSlot, paletteSize, preferredSlot } from '../../../../renderer/stores/model-colours.ts';

test('a name always prefers the same colour', () => {
  expect(preferredSlot('llama3.1:8b')).toBe(preferredSlot('llama3.1:8b'));
});

test('as many names as there are colours get one each, whatever they are called', () => {
  const given = new Map<string, number>();
  for (let index = 0; index < paletteSize; index += 1) {
    const name = `model-${index * 13}`;
    given.set(name, assignSlot(given, name));
  }
  expect(new Set(given.values()).size).toBe(paletteSize);
});

test('a name keeps what it was given', () => {
  const given = new Map([['a', 5]]);
  expect(assignSlot(given, 'a')).toBe(5);
});
