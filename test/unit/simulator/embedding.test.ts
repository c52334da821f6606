import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countTokens, createEmbedder, shortened } from '../../../electron/simulator/embedding.ts';

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe('embeddings', () => {
  const embedder = createEmbedder('a'.repeat(64));

  it('are the same for the same digest and text, wherever they are made', () => {
    const other = createEmbedder('a'.repeat(64));
    other.embed('something that fills the cache first', 384);
    expect(other.embed('wake the GPU machine', 384)).toEqual(embedder.embed('wake the GPU machine', 384));
  });

  it('differ between digests', () => {
    const other = createEmbedder('b'.repeat(64));
    expect(
      Math.abs(dot(other.embed('wake the machine', 384), embedder.embed('wake the machine', 384))),
    ).toBeLessThan(0.4);
  });

  it('have length one and no zero coordinate, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const vector = embedder.embed(text, 768);
        expect(vector).toHaveLength(768);
        expect(dot(vector, vector)).toBeCloseTo(1, 4);
        expect(vector.filter((value) => value === 0).length).toBeLessThan(8);
      }),
      { numRuns: 50 },
    );
  });

  it('of texts that share words are nearer', () => {
    const query = embedder.embed('magic packet wakes the sleeping machine', 1024);
    const near = embedder.embed('a sleeping machine wakes when the magic packet arrives', 1024);
    const far = embedder.embed('chunks follow headings and blank lines', 1024);
    expect(dot(query, near)).toBeGreaterThan(dot(query, far) + 0.3);
  });

  it('can be shortened and keep length one', () => {
    const vector = shortened(embedder.embed('wake the machine', 1024), 256);
    expect(vector).toHaveLength(256);
    expect(dot(vector, vector)).toBeCloseTo(1, 4);
  });
});

it('tokens count words, marks and long words', () => {
  expect(countTokens('')).toBe(0);
  expect(countTokens('wake it, now!')).toBe(5);
  expect(countTokens('incomprehensibilities')).toBe(4);
});
