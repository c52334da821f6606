/** Loads a text model: its tokenizer, its settings and its graph, checked before the first text. */
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { FLOAT_COSINE, QUANTISED_COSINE } from '../ladder/decide.ts';
import { type Precision, readModelJson } from '../models/folder.ts';
import type { OpenedGraph, Sessions, TrialMaker, VectorReduction } from '../sessions.ts';
import { readTextConfig, type TextConfig, UnusableConfig } from './config.ts';
import { type BatchShape, batchShapeOf, checkInputs, chooseOutput, feedsOf } from './feeds.ts';
import { createTextTokenizer, type TextTokenizer } from './tokenizer.ts';

export interface LoadedText {
  readonly graph: OpenedGraph;
  readonly tokenizer: TextTokenizer;
  readonly config: TextConfig;
  readonly shape: BatchShape;
  readonly output: Pick<VectorReduction, 'output' | 'pooling' | 'normalise'>;
  readonly dimensions: number;
}

/** Tokenizer and settings of a folder. Throws RUNNER_BAD_MODEL with the reason. */
export function readTextFolder(folder: string): { tokenizer: TextTokenizer; config: TextConfig } {
  const file = readModelJson(folder, 'tokenizer.json');
  if (typeof file !== 'object' || file === null)
    throw new PilotlightError('RUNNER_BAD_MODEL', { message: fact('RUNNER_NO_TOKENIZER', { folder }) });
  const tokenizerConfig = readModelJson(folder, 'tokenizer_config.json') ?? {};
  try {
    const config = readTextConfig({
      model: readModelJson(folder, 'config.json'),
      tokenizer: tokenizerConfig,
      modules: readModelJson(folder, 'modules.json'),
      pooling: readModelJson(folder, '1_Pooling/config.json'),
      sentenceBert: readModelJson(folder, 'sentence_bert_config.json'),
      sentenceTransformers: readModelJson(folder, 'config_sentence_transformers.json'),
    });
    return { tokenizer: createTextTokenizer(file, tokenizerConfig as object), config };
  } catch (error) {
    if (isPilotlightError(error)) throw error;
    const named = error instanceof UnusableConfig ? error.file : 'tokenizer.json';
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError('RUNNER_BAD_MODEL', {
      message: fact('RUNNER_BAD_FILE', { file: join(folder, named), reason }),
      cause: error,
    });
  }
}

/** Texts of one length with which providers are timed. */
const TRIAL_TEXTS = 8;
const TRIAL_TOKENS = 64;
const FEW_TOKENS = 16;

/** The shapes are only known when the graph is open. */
const trialOf =
  (texts: number, most: number): TrialMaker =>
  ({ inputs }) => {
    const { rows, length } = batchShapeOf(inputs);
    const tokens = Array.from({ length: length ?? most }, (_, index) => 10 + index);
    return feedsOf(
      Array.from({ length: rows ?? texts }, () => tokens),
      inputs,
      { padId: 0, length },
    );
  };

/** Rejects with RUNNER_BAD_MODEL, RUNNER_BAD_GRAPH, RUNNER_NOT_INSTALLED. */
export async function loadText(
  sessions: Sessions,
  {
    folder,
    graphPath,
    precision,
    hash,
  }: { folder: string; graphPath: string; precision: Precision; hash: string },
  signal?: AbortSignal,
): Promise<LoadedText> {
  const opening = sessions.open(join(folder, graphPath), {
    hash,
    cosine: precision === 'int8' ? QUANTISED_COSINE : FLOAT_COSINE,
    trial: trialOf(TRIAL_TEXTS, TRIAL_TOKENS),
    fewTrial: trialOf(1, FEW_TOKENS),
    ...(signal === undefined ? {} : { signal }),
  });
  let read: ReturnType<typeof readTextFolder>;
  try {
    // While the graph is opened, which takes as long.
    read = readTextFolder(folder);
  } catch (error) {
    opening.then(
      (graph) => graph.close(),
      () => {},
    );
    throw error;
  }
  const { tokenizer, config } = read;
  const graph = await opening;
  try {
    checkInputs(graph.inputs);
    const shape = batchShapeOf(graph.inputs);
    const { output, pooling } = chooseOutput(graph.outputs, config.pooling);
    const loaded = {
      graph,
      tokenizer,
      shape,
      config: { ...config, maxTokens: Math.min(config.maxTokens, shape.length ?? config.maxTokens) },
      output: { output, pooling, normalise: config.normalise },
    };
    return { ...loaded, dimensions: await dimensionsOf(loaded) };
  } catch (error) {
    await graph.close();
    throw error;
  }
}

/** From the first answer: what a graph says of its shapes may be wrong. */
async function dimensionsOf({
  graph,
  tokenizer,
  shape,
  output,
}: Omit<LoadedText, 'dimensions'>): Promise<number> {
  const rows = Array.from({ length: shape.rows ?? 1 }, () => tokenizer.encode('a', shape.length ?? 16));
  const feeds = feedsOf(rows, graph.inputs, { padId: tokenizer.padId, length: shape.length });
  const lengths = rows.map((tokens) => tokens.length);
  const answers = await graph.run(feeds, { reduce: { kind: 'vectors', ...output, lengths }, urgent: true });
  return answers[output.output]?.dims[1] ?? 0;
}
