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

  it('has models whose sizes belong together, with digests of their own', () => {
    for (const model of Object.values(CATALOGUE)) {
      expect(model.headCount * model.headDim, model.name).toBe(model.embeddingLength);
      expect(model.headCount % model.kvHeads, model.name).toBe(0);
      // A weight takes half a byte to four, whatever the quantization.
      const bytesPerWeight = model.sizeBytes / model.parameterCount;
      expect(bytesPerWeight, model.name).toBeGreaterThan(0.5);
      expect(bytesPerWeight, model.name).toBeLessThan(4);
    }
    const digests = Object.values(CATALOGUE).flatMap((model) => [model.digest, model.blob]);
    expect(new Set(digests).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });
});
