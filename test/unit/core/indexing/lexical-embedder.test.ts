import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLexicalEmbedder } from '../../../../electron/core/indexing/lexical-embedder.ts';

const embed = createLexicalEmbedder();
const dot = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
const near = (a: string, b: string) => dot(embed(a), embed(b));

/** The places that are not zero, with the first digits: what must never change under this id. */
function fingerprint(text: string): string {
  const vector = embed(text);
  const places = [...vector.entries()].filter(([, value]) => value !== 0);
  return places
    .slice(0, 6)
    .map(([place, value]) => `${place}:${value.toFixed(6)}`)
    .join(' ');
}

describe('builtin:lexical-384', () => {
  test('golden values: a change of them needs a new id', () => {
    expect(fingerprint('Wake-on-LAN')).toMatchInlineSnapshot(
      `"0:-0.158021 5:0.118516 19:0.158021 85:-0.059258 120:-0.158021 126:-0.118516"`,
    );
    expect(fingerprint('Größe der Straße')).toMatchInlineSnapshot(
      `"19:-0.122242 20:-0.122242 31:0.122242 64:-0.122242 72:-0.122242 79:-0.122242"`,
    );
    expect(fingerprint('東京大学')).toMatchInlineSnapshot(
      `"2:0.250000 4:-0.250000 66:-0.500000 171:-0.250000 279:0.250000 334:0.500000"`,
    );
  });

  test('384 dimensions, length 1, the same each time, whatever was embedded before', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.string({ maxLength: 50 }),
        (text, other) => {
          const first = embed(text);
          embed(other);
          expect(createLexicalEmbedder()(text)).toEqual(first);
          expect(first).toHaveLength(384);
          const length = Math.sqrt(dot(first, first));
          if (first.some((value) => value !== 0)) expect(length).toBeCloseTo(1, 5);
        },
      ),
    );
  });

  test('without a letter or digit there is nothing to compare', () => {
    for (const text of ['', ' \n', '— … !?', '👩‍🚀'])
      expect(embed(text).every((value) => value === 0)).toBe(true);
  });

  test('case, compatibility forms and order of words make no difference', () => {
    expect(embed('Wake GPU')).toEqual(embed('wake gpu'));
    expect(embed('ｗａｋｅ')).toEqual(embed('wake'));
    expect(near('force the model', 'model the force')).toBeCloseTo(1, 6);
  });

  test('shared words and shared beginnings bring texts near each other', () => {
    const unrelated = near('wake on lan', 'the renderer draws charts');
    expect(Math.abs(unrelated)).toBeLessThan(0.2);
    expect(near('wake on lan', 'waking machines by Wake-on-LAN packets')).toBeGreaterThan(0.3);
    expect(near('embedding', 'embedded')).toBeGreaterThan(0.2);
    expect(near('東京大学', '東京の大学')).toBeGreaterThan(0.4);
    expect(near('東京大学', '大阪城')).toBeLessThan(0.2);
  });

  test('a word many times counts for more, but far less than as many times', () => {
    const once = near('packet relay', 'packet');
    const often = near(`${'packet '.repeat(16)}relay`, 'packet');
    expect(often).toBeGreaterThan(once);
    expect(near(`${'packet '.repeat(16)}relay`, 'relay')).toBeGreaterThan(0.1);
  });

  test('a text larger than its table is embedded whole', () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `w${i}`).join(' ');
    expect(dot(embed(words), embed(words))).toBeCloseTo(1, 5);
    expect(embed(`${'x'.repeat(100_000)}`).some((value) => value !== 0)).toBe(true);
  });
});
