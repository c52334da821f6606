import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { createLibrary } from '../../../electron/simulator/library.ts';

describe('the library', () => {
  const library = createLibrary(Object.values(CATALOGUE));

  it('finds a model with and without its default tag, in any case', () => {
    for (const name of [
      'mxbai-embed-large',
      'mxbai-embed-large:latest',
      'MXBAI-embed-large',
      'library/mxbai-embed-large',
    ]) {
      expect(library.find(name)?.name).toBe('mxbai-embed-large:latest');
    }
    expect(library.find('llama3.1:8b')?.name).toBe('llama3.1:8b');
  });

  it('does not take another tag for it', () => {
    expect(library.find('llama3.1')).toBeNull();
    expect(library.find('nothing')).toBeNull();
  });

  it.each(['', 'a b', ':latest', 'x:', '../etc', 'a/b/c/d'])('%j is an invalid name', (name) => {
    expect(() => library.find(name)).toThrow('invalid model name');
  });

  it('lists the newest first', () => {
    const times = library.list().map((model) => model.modifiedAt);
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it('has real shapes', () => {
    expect(CATALOGUE.mxbaiEmbedLarge).toMatchObject({
      blockCount: 24,
      embeddingLength: 1024,
      contextLength: 512,
    });
    expect(CATALOGUE.nomicEmbedText).toMatchObject({ embeddingLength: 768 });
    expect(CATALOGUE.allMiniLm).toMatchObject({ embeddingLength: 384 });
    expect(CATALOGUE.llama31).toMatchObject({ blockCount: 32, headDim: 128, kvHeads: 8 });
    const digests = Object.values(CATALOGUE).flatMap((model) => [model.digest, model.blob]);
    expect(new Set(digests).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });
});
