/**
 * How much of an embedder's own throughput an index run reaches: 2,000 files against a simulated node of
 * 1,000 texts/s in a process of its own, batches of 32. The whole job counts, from start to end.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createOllamaServer } from '../../electron/adapters/inference/ollama.ts';
import { createNodeHttp } from '../../electron/adapters/network/http.ts';
import { cutFile } from '../../electron/core/indexing/cut.ts';
import { embeddedText } from '../../electron/core/indexing/work-queue.ts';
import { CATALOGUE } from '../../electron/simulator/catalogue.ts';
import type { Embedder, IndexJob } from '../../shared/models/indexing.ts';
import { defaultSettings } from '../../shared/models/settings.ts';
import { type ChildProcess, spawn } from '../fakes/children.ts';
import { startHostAt, writeFiles } from '../fakes/indexing-world.ts';
import { atLeast, type Benchmark, type BenchmarkContext, reported } from './benchmark.ts';

const files = 2000;
const batchSize = 32;
const textsPerSecond = 1000;
const rawBatches = 100;
// The smallest model: the simulator must spend its time as told, not on making up vectors.
const { name, digest } = CATALOGUE.allMiniLm;

/** Notes of four parts, each about as long as a chunk may be; no two parts are the same. */
function writeNotes(): Record<string, string> {
  const part = (file: number, section: number) =>
    `# Part ${section} of note ${file}\n\n${`Lamp ${file * 31 + section} burns in room ${section}. `.repeat(30)}\n`;
  return Object.fromEntries(
    Array.from({ length: files }, (_, file) => [
      `folder-${file % 20}/note-${file}.md`,
      [0, 1, 2, 3].map((section) => part(file, section)).join('\n'),
    ]),
  );
}

/** The texts that the index will send, so that both measures are of the same work. */
function textsOf(written: Record<string, string>): string[] {
  return Object.entries(written)
    .slice(0, 500)
    .flatMap(([path, text]) => {
      const cut = cutFile(Buffer.from(text), path, defaultSettings.index.chunkTokens);
      return cut.ok ? cut.chunks.map(embeddedText) : [];
    });
}

interface Simulator {
  process: ChildProcess;
  url: string;
}

async function startSimulator(signal: AbortSignal): Promise<Simulator> {
  const script = fileURLToPath(new URL('../../electron/simulator/main.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      script,
      '--nodes',
      '1',
      '--texts-per-second',
      String(textsPerSecond),
      '--json',
    ],
    { stdio: ['pipe', 'pipe', 'inherit'], signal },
  );
  child.on('error', () => {});
  for await (const line of createInterface({ input: child.stdout })) {
    const { nodes } = JSON.parse(line) as { nodes: { url: string }[] };
    const [node] = nodes;
    if (node) return { process: child, url: node.url };
  }
  throw new Error('The simulator did not start.');
}

/** Texts a second when nothing else is done: two requests at the node, the texts of the files themselves. */
async function measureRaw(url: string, texts: readonly string[], signal: AbortSignal): Promise<number> {
  const server = createOllamaServer({ http: createNodeHttp(), url });
  await server.load(name, { layers: 'auto', keepAliveSeconds: 600 }, signal);
  let next = 0;
  const startedAt = performance.now();
  const lane = async () => {
    for (let batch = next++; batch < rawBatches; batch = next++) {
      const some = Array.from(
        { length: batchSize },
        (_, i) => texts[(batch * batchSize + i) % texts.length] ?? '',
      );
      await server.embed(name, some, signal);
    }
  };
  await Promise.all([lane(), lane()]);
  return (rawBatches * batchSize) / ((performance.now() - startedAt) / 1000);
}

async function indexAll(
  dataFolder: string,
  folder: string,
  embedder: Embedder,
  url: string | null,
): Promise<{ job: IndexJob; seconds: number }> {
  const host = await startHostAt(dataFolder);
  try {
    const { fleet, indexing, settings } = host.core.services;
    settings.update({ index: { batchSize }, fleet: { lookIntervalMs: 5000 } });
    if (url !== null) fleet.add({ url, vramBytes: 12e9 });
    await fleet.probe();
    await indexing.addSource({ path: folder, embedder, wake: false, whenGpuGone: 'use-cpu' });
    const startedAt = performance.now();
    const { id } = indexing.startJob({
      sourceIds: null,
      full: false,
      rebuild: false,
      useGpu: true,
      callbackUrl: null,
    });
    const job = await indexing.waitForJob(id, AbortSignal.timeout(300_000));
    const seconds = (performance.now() - startedAt) / 1000;
    if (job.status !== 'completed' || job.files.done !== files)
      throw new Error(`The job ended: ${JSON.stringify(job.detail)}`);
    return { job, seconds };
  } finally {
    await host.stop();
  }
}

async function run({ signal, note }: BenchmarkContext) {
  const root = mkdtempSync(join(tmpdir(), 'pilotlight-bench-pipeline-'));
  const folder = join(root, 'files');
  const written = writeNotes();
  writeFiles(folder, written);
  const simulator = await startSimulator(signal);
  try {
    const raw = await measureRaw(simulator.url, textsOf(written), signal);
    note(`raw: ${raw.toFixed(0)} texts/s`);
    const node = await indexAll(join(root, 'node'), folder, { kind: 'model', name, digest }, simulator.url);
    const rate = node.job.vectors / node.seconds;
    note(`index: ${node.job.vectors} vectors in ${node.seconds.toFixed(1)} s, ${rate.toFixed(0)} a second`);
    const builtin = await indexAll(join(root, 'builtin'), folder, { kind: 'builtin' }, null);
    return [
      atLeast('pipeline', rate / raw, 'of raw', 0.9),
      reported('pipeline-raw', raw, 'texts/s'),
      reported('pipeline-builtin', builtin.job.vectors / builtin.seconds, 'chunks/s'),
    ];
  } finally {
    simulator.process.kill();
    rmSync(root, { recursive: true, force: true });
  }
}

export const benchmark: Benchmark = {
  names: ['pipeline', 'pipeline-raw', 'pipeline-builtin'],
  run,
};
