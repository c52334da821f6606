/** all-MiniLM-L6-v2 against its reference results, within the tolerances of its README. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestRunner, type TestRunner } from '../../fakes/open-runner.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';

interface ReferenceText {
  id: string;
  text: string;
  tokenIds: number[];
  vector: number[];
  quantizedVector?: number[];
}

const folder = sharedFolder('models/all-minilm-l6-v2');
const texts: ReferenceText[] =
  folder === null ? [] : JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')).texts;
const cosine = (a: readonly number[], b: readonly number[]) => {
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, one, at) => sum + one * (y[at] as number), 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
};

describe.skipIf(folder === null)('the reference of all-MiniLM-L6-v2', () => {
  let runner: TestRunner;
  beforeAll(async () => {
    runner = createTestRunner();
    await runner.open();
    for (const precision of ['float32', 'int8'])
      expect(
        (await runner.ask('POST', '/runner/models', { path: folder, name: precision, precision })).status,
      ).toBe(201);
  });
  afterAll(() => runner.close());

  const embed = async (model: string, input: readonly string[]) =>
    (await runner.ask('POST', '/runner/embed', { model, texts: input })).body as {
      vectors: number[][];
      tokenIds: number[][];
    };
  const all = texts.map(({ text }) => text);

  it('has the same tokens for every text', async () => {
    const { tokenIds } = await embed('int8', all);
    expect(tokenIds).toEqual(texts.map(({ tokenIds: ids }) => ids));
  });

  it('has the same float vectors, alone and in a batch', async () => {
    const { vectors } = await embed('float32', all);
    for (const [at, { id, text, vector }] of texts.entries()) {
      expect(cosine(vectors[at] as number[], vector), id).toBeGreaterThanOrEqual(0.99999);
      const [alone] = (await embed('float32', [text])).vectors;
      expect(cosine(alone as number[], vector), id).toBeGreaterThanOrEqual(0.99999);
    }
  });

  it('has nearly the same int8 vectors', async () => {
    const { vectors } = await embed('int8', all);
    for (const [at, { id, text, vector, quantizedVector }] of texts.entries()) {
      const [alone = []] = (await embed('int8', [text])).vectors;
      expect(cosine(alone, vector), id).toBeGreaterThanOrEqual(0.97);
      expect(cosine(vectors[at] as number[], alone), id).toBeGreaterThanOrEqual(0.95);
      if (quantizedVector) expect(cosine(alone, quantizedVector), id).toBeGreaterThanOrEqual(0.99);
    }
  });
});
