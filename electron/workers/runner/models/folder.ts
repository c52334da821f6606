/** A model's folder: which of its files make up the model, and what they say. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerModel } from '../../../../shared/models/runner.ts';

export type Precision = RunnerModel['precision'];

const graphNames: readonly (readonly [string, Precision])[] = [
  ['model_quantized.onnx', 'int8'],
  ['model_int8.onnx', 'int8'],
  ['model_uint8.onnx', 'int8'],
  ['model.onnx', 'float32'],
  ['model_fp16.onnx', 'float16'],
];

export interface GraphFile {
  /** Relative to the folder, with `/`. */
  path: string;
  precision: Precision;
}

/** Every graph of the folder that the runner knows by its name; those in `onnx/` first. */
export function graphsIn(folder: string): GraphFile[] {
  return ['onnx/', ''].flatMap((within) =>
    graphNames
      .map(([name, precision]) => ({ path: `${within}${name}`, precision }))
      .filter(({ path }) => existsSync(join(folder, path))),
  );
}

/** Integers are fastest on a CPU, floating point on a GPU. */
export function orderOf(wanted: Precision | 'cpu' | 'gpu'): readonly Precision[] {
  if (wanted === 'cpu') return ['int8', 'float32', 'float16'];
  return wanted === 'gpu' ? ['float32', 'float16', 'int8'] : [wanted];
}

/** Throws RUNNER_BAD_MODEL if there is none. */
export function chooseGraph(folder: string, wanted: Precision | 'cpu' | 'gpu'): GraphFile {
  const graphs = graphsIn(folder);
  const found = orderOf(wanted)
    .map((precision) => graphs.find((one) => one.precision === precision))
    .find(Boolean);
  if (found === undefined) {
    const others = [...new Set(graphs.map(({ precision }) => precision))];
    throw new PilotlightError('RUNNER_BAD_MODEL', {
      message:
        others.length === 0
          ? fact('RUNNER_NO_GRAPH', { folder })
          : fact('RUNNER_NO_PRECISION', { folder, precision: wanted, others }),
    });
  }
  return found;
}

/** Files beside the graph that change what it answers. */
const textFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'config.json',
  'modules.json',
  '1_Pooling/config.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
] as const;

/** Weights that lie beside the graph, by the names that exporters give them. */
const weightsOf = (graph: string) => [
  `${graph}_data`,
  `${graph}.data`,
  graph.replace(/\.onnx$/, '.onnx.data'),
];

export interface ModelFile {
  path: string;
  sizeBytes: number;
  modifiedMs: number;
  sha256: string;
}

/** The files of a model that are there: its graphs, the weights beside them, and what else is named. */
export function filesOf(
  folder: string,
  graphs: readonly string[],
  others: readonly string[] = textFiles,
): string[] {
  const all = [...graphs, ...new Set(graphs.flatMap(weightsOf)), ...others];
  return all.filter((path) => existsSync(join(folder, path)));
}

async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 ** 2, signal })) hash.update(chunk);
  return hash.digest('hex');
}

/** Rejects with RUNNER_BAD_MODEL if one cannot be read. */
export async function describeFiles(
  folder: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for (const path of paths) {
    try {
      const { size, mtimeMs } = await stat(join(folder, path));
      const sha256 = await sha256Of(join(folder, path), signal);
      files.push({ path, sizeBytes: size, modifiedMs: mtimeMs, sha256 });
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new PilotlightError('RUNNER_BAD_MODEL', {
        message: fact('RUNNER_BAD_FILE', { file: join(folder, path), reason }),
        cause: error,
      });
    }
  }
  return files;
}

/** One hash for all files; their order does not matter. */
export function hashOf(files: readonly Pick<ModelFile, 'path' | 'sha256'>[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Why the files are no longer those that were described; null if they are, as far as size and time tell. */
export function changeIn(folder: string, files: readonly ModelFile[]) {
  for (const { path, sizeBytes, modifiedMs } of files) {
    const file = join(folder, path);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) return fact('RUNNER_FILE_MISSING', { file });
    if (found.size !== sizeBytes || found.mtimeMs !== modifiedMs)
      return fact('RUNNER_FILE_CHANGED', { file });
  }
  return null;
}

/** The parsed JSON file; undefined if there is none. Throws RUNNER_BAD_MODEL if it is not JSON. */
export function readModelJson(folder: string, path: string): unknown {
  const file = join(folder, path);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError('RUNNER_BAD_MODEL', {
      message: fact('RUNNER_BAD_FILE', { file, reason }),
      cause: error,
    });
  }
}
