/**
 * How much of a bare session's throughput an index run reaches with the runner of this computer: all-MiniLM-L6-v2 (int8)
 * of ../shared/models, a real core, its index and the runner's processes. The whole job counts, from start to end. The
 * bare session gets the tokens of the same passages in the same batches, with nothing around it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutFile } from '../../electron/core/indexing/cut.ts';
import { embeddedText } from '../../electron/core/indexing/work-queue.ts';
import { createLocalRunner } from '../../electron/host/runner.ts';
import { type Host, startHost } from '../../electron/host/start-host.ts';
import { cpuTuning } from '../../electron/workers/runner/text/autotune.ts';
import { feedsOf } from '../../electron/workers/runner/text/feeds.ts';
import { readTextFolder } from '../../electron/workers/runner/text/load.ts';
import { createWaitingTexts } from '../../electron/workers/runner/text/plan.ts';
import { defaultSettings } from '../../shared/models/settings.ts';
import { writeFiles } from '../fakes/indexing-world.ts';
import { sharedFolder } from '../fakes/shared-folder.ts';
import { atLeast, type Benchmark, reported } from './benchmark.ts';
import { median } from './gateway/rounds.ts';

const model = sharedFolder('models/all-minilm-l6-v2');
const GRAPH = 'onnx/model_quantized.onnx';
const FILES = 80;
const ROUNDS = 5;
const BATCH = defaultSettings.index.batchSize;
/** As the runner on a CPU: texts that share a run are of nearly one length. */
const SHORTEST = 0.6;
const JOB_MS = 120_000;

/** Notes of parts that differ in length; no two are the same. */
function writeNotes(): Record<string, string> {
  const part = (file: number, section: number) =>
    `# Part ${section} of note ${file}\n\n${`Lamp ${file * 31 + section} burns in room ${section}. `.repeat(4 + ((file + section) % 20))}\n`;
  return Object.fromEntries(
    Array.from({ length: FILES }, (_, file) => [
      `folder-${file % 20}/note-${file}.md`,
      [0, 1, 2].map((section) => part(file, section)).join('\n'),
    ]),
  );
}

function passagesOf(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const cut = cutFile(Buffer.from(text), path, defaultSettings.index.chunkTokens);
    return cut.ok ? cut.chunks.map(embeddedText) : [];
  });
}

/** The token ids of each run, in the order in which the runner makes them of requests of the index. */
function runsOf(texts: readonly string[], folder: string): number[][][] {
  const { tokenizer, config } = readTextFolder(folder);
  const runs: number[][][] = [];
  for (let from = 0; from < texts.length; from += BATCH) {
    const waiting = createWaitingTexts<{ tokens: number[]; order: number }>();
    texts
      .slice(from, from + BATCH)
      .map((text) => tokenizer.encode(text, config.maxTokens))
      .sort((one, other) => other.length - one.length)
      .forEach((tokens, order) => {
        waiting.add({ tokens, order });
      });
    while (waiting.size > 0) {
      runs.push(waiting.take(cpuTuning.start, SHORTEST).map(({ tokens }) => tokens));
    }
  }
  return runs;
}

/** The graph in this process, with all cores. */
async function openBare(folder: string, runs: readonly number[][][]) {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(join(folder, GRAPH), {
    logSeverityLevel: 4,
    intraOpNumThreads: availableParallelism(),
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const inputs = session.inputNames.map((name) => ({ name, type: 'int64' }));
  const fed = runs.map((tokens) =>
    Object.fromEntries(
      Object.entries(feedsOf(tokens, inputs, { padId: 0, length: null })).map(([name, { data, dims }]) => [
        name,
        new Tensor('int64', data as BigInt64Array, [...dims]),
      ]),
    ),
  );
  return {
    /** Milliseconds for all of them. */
    async round(): Promise<number> {
      const began = performance.now();
      for (const feeds of fed) await session.run(feeds);
      return performance.now() - began;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}

/** A source in the index, embedded by the model on the runner of this computer. */
async function addSource({ core }: Host, files: string, signal: AbortSignal): Promise<void> {
  const { indexing, runners, settings } = core.services;
  settings.update({ runner: { provider: 'cpu' } });
  await runners.startLocal(signal);
  await runners.addModel(undefined, { path: model as string, name: 'minilm' }, signal);
  const added = runners.list().flatMap(({ status }) => status?.models ?? [])[0];
  if (added?.precision !== 'int8') throw new Error(`The runner chose ${added?.precision ?? 'no graph'}.`);
  const embedder = { kind: 'runner' as const, name: added.name, hash: added.hash };
  await indexing.addSource({ path: files, embedder, wake: false, whenGpuGone: 'use-cpu' });
}

/** Milliseconds of one job that embeds everything. */
async function indexAll({ core }: Host, passages: number): Promise<number> {
  const { indexing } = core.services;
  const began = performance.now();
  const { id } = indexing.startJob({
    sourceIds: null,
    full: true,
    rebuild: true,
    useGpu: true,
    callbackUrl: null,
  });
  const job = await indexing.waitForJob(id, AbortSignal.timeout(JOB_MS));
  const ms = performance.now() - began;
  if (job.status !== 'completed' || job.vectors !== passages) {
    throw new Error(
      `The job made ${job.vectors} of ${passages} vectors: ${job.status} ${JSON.stringify(job.detail)}`,
    );
  }
  return ms;
}

export const benchmark: Benchmark = {
  name: 'runner-index',
  async run({ signal, note }) {
    if (model === null) {
      note('../shared/models is missing: not measured.');
      return [];
    }
    const root = mkdtempSync(join(tmpdir(), 'pilotlight-bench-runner-index-'));
    const folder = join(root, 'files');
    const written = writeNotes();
    writeFiles(folder, written);
    const passages = passagesOf(written);
    const host = await startHost({
      dataFolder: join(root, 'data'),
      environment: { OLLAMA_HOST: '127.0.0.1:9' },
      panelRoot: null,
      localRunner: createLocalRunner,
    });
    try {
      await using bare = await openBare(model, runsOf(passages, model));
      await addSource(host, folder, signal);
      const alone: number[] = [];
      const indexed: number[] = [];
      // The first job teaches the runner its batches.
      await indexAll(host, passages.length);
      // In turns: what else the machine does slows both down.
      let before = await bare.round();
      for (let round = 0; round < ROUNDS; round += 1) {
        signal.throwIfAborted();
        const indexMs = await indexAll(host, passages.length);
        const after = await bare.round();
        alone.push((before + after) / 2);
        indexed.push(indexMs);
        note(`the session ${Math.round((before + after) / 2)} ms, the index ${Math.round(indexMs)} ms`);
        before = after;
      }
      const rate = (ms: number) => (passages.length / ms) * 1000;
      return [
        atLeast(
          'runner-index: part of the session’s own speed',
          median(indexed.map((ms, round) => (alone[round] as number) / ms)),
          '',
          0.93,
        ),
        reported('runner-index: passages a second', rate(median(indexed)), '/s'),
        reported('runner-index: the session alone', rate(median(alone)), '/s'),
      ];
    } finally {
      await host.stop();
      rmSync(root, { recursive: true, force: true });
    }
  },
};
