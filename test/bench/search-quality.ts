/**
 * How often the right document is among the first three, for 40 questions about a small library: with the built-in
 * embedder, and with all-MiniLM-L6-v2 of ../shared/models where it is there. Also what the floors of weak matches rest
 * on: the best similarity that nonsense reaches, and what right documents have.
 */
import { join } from 'node:path';
import { createLexicalEmbedder } from '../../electron/core/indexing/lexical-embedder.ts';
import { floorOf } from '../../electron/core/indexing/search-floor.ts';
import { embeddedText } from '../../electron/core/indexing/work-queue.ts';
import type { SourceIndex } from '../../electron/core/ports/vectors.ts';
import { feedsOf } from '../../electron/workers/runner/text/feeds.ts';
import { readTextFolder } from '../../electron/workers/runner/text/load.ts';
import { BUILTIN_EMBEDDER_ID, type Embedder } from '../../shared/models/indexing.ts';
import { writeFiles } from '../fakes/indexing-world.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import { type BenchmarkResult, never, openIndexWorkplace, percentile, reported } from './index-workplace.ts';
import { DOCUMENTS, NONSENSE, QUESTIONS } from './search-quality/corpus.ts';

const FIRST = 3;
const model = sharedFolder('models/all-minilm-l6-v2');

type Embed = (text: string) => Promise<Float32Array>;

export const benchmark: Benchmark = {
  name: 'search-quality',
  async run(context) {
    const lexical = createLexicalEmbedder();
    const builtin = await measure('built-in', { kind: 'builtin' }, async (text) => lexical(text));
    return [...builtin, ...(await withModel(context))];
  },
};

async function withModel({ note }: BenchmarkContext): Promise<BenchmarkResult[]> {
  if (model === null) {
    note('MiniLM is not measured: ../shared/models/all-minilm-l6-v2 is missing.');
    return [];
  }
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const { tokenizer, config } = readTextFolder(model);
  const session = await InferenceSession.create(join(model, 'onnx/model.onnx'), { logSeverityLevel: 4 });
  const inputs = session.inputNames.map((name) => ({ name, type: 'int64' }));
  const embed: Embed = async (text) => {
    const tokens = [tokenizer.encode(text, config.maxTokens)];
    const fed = Object.entries(feedsOf(tokens, inputs, { padId: 0, length: null }));
    const feeds = Object.fromEntries(
      fed.map(([name, { data, dims }]) => [name, new Tensor('int64', data as BigInt64Array, [...dims])]),
    );
    const [output] = Object.values(await session.run(feeds));
    return meanOf(output?.data as Float32Array, tokens[0]?.length ?? 1);
  };
  try {
    return await measure('MiniLM', { kind: 'runner', name: 'all-MiniLM-L6-v2', hash: 'bench' }, embed);
  } finally {
    await session.release();
  }
}

function meanOf(states: Float32Array, tokens: number): Float32Array {
  const size = states.length / tokens;
  const sums = new Float32Array(size);
  for (const [at, value] of states.entries()) sums[at % size] = (sums[at % size] ?? 0) + value;
  const length = Math.hypot(...sums);
  return sums.map((value) => value / length);
}

async function measure(name: string, embedder: Embedder, embed: Embed): Promise<BenchmarkResult[]> {
  await using place = await openIndexWorkplace();
  await writeFiles(place.files, DOCUMENTS);
  const index = await place.store.openIndex({ id: name, path: place.files, embedderId: BUILTIN_EMBEDDER_ID });
  const { pending } = await index.scan({ full: false }, never);
  for (const { path } of pending) {
    const { token, chunks } = await index.prepare(path, never);
    await index.commit(token, await Promise.all(chunks.map((chunk) => embed(embeddedText(chunk)))));
  }
  const rights: number[] = [];
  let both = 0;
  let byVectors = 0;
  for (const { text, right } of QUESTIONS) {
    const vector = await embed(text);
    const first = await documentsOf(index, text, vector);
    if (first.slice(0, FIRST).some(({ path }) => path === right)) both += 1;
    const near = await documentsOf(index, '', vector);
    if (near.slice(0, FIRST).some(({ path }) => path === right)) byVectors += 1;
    rights.push(near.find(({ path }) => path === right)?.similarity ?? 0);
  }
  const nonsense: number[] = [];
  for (const text of NONSENSE)
    nonsense.push((await documentsOf(index, '', await embed(text)))[0]?.similarity ?? 0);
  await index.close();
  const share = (count: number) => (100 * count) / QUESTIONS.length;
  const floor = floorOf(embedder) ?? 0;
  const below = (list: readonly number[]) =>
    (100 * list.filter((value) => value < floor).length) / list.length;
  return [
    reported(`right document in the first ${FIRST}, ${name}`, share(both), '%'),
    reported(`the same by vectors alone, ${name}`, share(byVectors), '%'),
    reported(`similarity of right documents, lowest tenth, ${name}`, percentile(rights, 0.1), ''),
    reported(`best similarity of nonsense, highest tenth, ${name}`, percentile(nonsense, 0.9), ''),
    reported(`nonsense below the floor of ${floor}, ${name}`, below(nonsense), '%'),
    reported(`right documents below it, ${name}`, below(rights), '%'),
  ];
}

async function documentsOf(index: SourceIndex, text: string, vector: Float32Array) {
  const hits = await index.search({ text, vector, limit: 50 }, never);
  const found = new Map<string, number>();
  for (const { path, vectorScore } of hits) if (!found.has(path)) found.set(path, vectorScore ?? 0);
  return [...found].map(([path, similarity]) => ({ path, similarity }));
}
