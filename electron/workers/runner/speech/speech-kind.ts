/** Speech models, as the shelf loads and drops them. */
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import { toHalves } from '../inference/float16.ts';
import { FLOAT_COSINE, QUANTISED_COSINE } from '../ladder/decide.ts';
import { describeFiles, filesOf, type Precision, readModelJson } from '../models/folder.ts';
import type { LoadedModel, ModelKind } from '../models/kind.ts';
import type { OpenedGraph, Sessions, TrialMaker } from '../sessions.ts';
import { createTextTokenizer, type TextTokenizer } from '../text/tokenizer.ts';
import { readSpeechPlan, UnusableSettings } from './config.ts';
import { chooseSpeechGraphs, isSpeechFolder, type SpeechGraphs, speechFiles } from './folder.ts';
import { ENCODED, missingOutputs, PAST, SOUND, unknownInputs } from './graph-names.ts';
import type { HeardWindow, SpeechPlan, SpeechTask } from './task.ts';

export interface SpeechModel extends LoadedModel {
  readonly plan: SpeechPlan;
  readonly tokenizer: TextTokenizer;
  hear(task: Omit<SpeechTask, 'plan'>, signal: AbortSignal): Promise<HeardWindow>;
}

export interface SpeechKindOptions {
  sessions: Sessions;
  /** Best provider of this machine, as far as it is known. */
  provider(): RunnerProvider;
}

export function createSpeechKind({ sessions, provider }: SpeechKindOptions): ModelKind<SpeechModel> {
  return {
    kind: 'speech',
    async recognise(folder, { precision: wanted, signal }) {
      if (!isSpeechFolder(folder)) return null;
      const device = provider() === 'cpu' ? 'cpu' : 'gpu';
      const { graphs, precision } = chooseSpeechGraphs(folder, wanted === 'auto' ? device : wanted);
      readFolder(folder);
      const paths = filesOf(folder, [...new Set(Object.values(graphs))], speechFiles);
      return {
        graphs: { ...graphs },
        precision,
        files: await describeFiles(folder, paths, signal),
        licence: null,
      };
    },
    async load({ folder, graphs, precision, hash }) {
      const { plan, tokenizer } = readFolder(folder);
      const opened = await openGraphs(sessions, {
        ...{ folder, graphs: graphs as unknown as SpeechGraphs, precision, hash, plan },
      });
      const { encoder, first, next } = opened.graphs;
      let hearing = 0;
      return {
        plan,
        tokenizer,
        dimensions: null,
        maxTokens: null,
        // What follows stays on the CPU: a decoder's steps are too small for a device to gain by them.
        provider: encoder.provider,
        ladder: encoder.ladder,
        isBusy: () => hearing > 0,
        async hear(task, signal) {
          hearing += 1;
          try {
            return await sessions.hear({ ...task, plan }, [encoder, first, next], signal);
          } finally {
            hearing -= 1;
          }
        },
        close: opened.close,
      };
    },
  };
}

/** Throws RUNNER_BAD_MODEL with the reason. */
function readFolder(folder: string): { plan: SpeechPlan; tokenizer: TextTokenizer } {
  const tokenizerFile = readModelJson(folder, 'tokenizer.json');
  if (typeof tokenizerFile !== 'object' || tokenizerFile === null)
    throw new PilotlightError('RUNNER_BAD_MODEL', { message: fact('RUNNER_NO_TOKENIZER', { folder }) });
  const tokenizerConfig = readModelJson(folder, 'tokenizer_config.json') ?? {};
  try {
    const plan = readSpeechPlan({
      model: readModelJson(folder, 'config.json'),
      generation: readModelJson(folder, 'generation_config.json'),
      preprocessor: readModelJson(folder, 'preprocessor_config.json'),
      tokenizer: tokenizerFile,
    });
    // It would move the spaces of a text for a language that writes as English does.
    const config = { ...(tokenizerConfig as object), clean_up_tokenization_spaces: false };
    return { plan, tokenizer: createTextTokenizer(tokenizerFile, config) };
  } catch (error) {
    if (isPilotlightError(error)) throw error;
    const file = join(folder, error instanceof UnusableSettings ? error.file : 'tokenizer.json');
    const reason = error instanceof Error ? error.message : String(error);
    throw new PilotlightError('RUNNER_BAD_MODEL', {
      message: fact('RUNNER_BAD_FILE', { file, reason }),
      cause: error,
    });
  }
}

interface OpenOptions {
  folder: string;
  graphs: SpeechGraphs;
  precision: Precision;
  hash: string;
  plan: SpeechPlan;
}

/** Rejects with RUNNER_BAD_MODEL, RUNNER_BAD_GRAPH, RUNNER_NOT_INSTALLED. */
async function openGraphs(sessions: Sessions, { folder, graphs, precision, hash, plan }: OpenOptions) {
  await using opened = new AsyncDisposableStack();
  async function open(path: string, options: Parameters<Sessions['open']>[1]): Promise<OpenedGraph> {
    const graph = await sessions.open(join(folder, path), options);
    opened.defer(graph.close);
    return graph;
  }
  const encoder = await open(graphs.encoder, {
    trial: noiseFor(plan),
    hash: `${hash} encoder`,
    cosine: precision === 'int8' ? QUANTISED_COSINE : FLOAT_COSINE,
  });
  const first = await open(graphs.first, {});
  const next = graphs.next === graphs.first ? first : await open(graphs.next, {});
  check(encoder.inputs.length === 1 && encoder.inputs[0]?.name === SOUND, encoder);
  check(
    first.inputs.some(({ name }) => name === ENCODED),
    first,
  );
  check(
    next.inputs.some(({ name }) => name.startsWith(PAST)),
    next,
  );
  for (const graph of [first, next]) check(unknownInputs(graph.inputs).length === 0, graph);
  const missing = [
    ...missingOutputs(first.outputs, next.inputs, true),
    ...missingOutputs(next.outputs, next.inputs, false),
  ];
  if (missing.length > 0)
    throw new PilotlightError('RUNNER_BAD_MODEL', {
      message: fact('RUNNER_DECODER_LACKS', { outputs: [...new Set(missing)].slice(0, 4).join(', ') }),
    });
  const kept = opened.move();
  return { graphs: { encoder, first, next }, close: () => kept.disposeAsync() };
}

function check(isRight: boolean, { inputs }: OpenedGraph): void {
  if (isRight) return;
  const names = inputs.slice(0, 8).map(({ name }) => name);
  throw new PilotlightError('RUNNER_BAD_MODEL', {
    message: fact('RUNNER_NOT_SPEECH', { inputs: names.join(', ') }),
  });
}

/** A window with which providers are timed. */
const noiseFor =
  ({ mel: { bins, samples, hop } }: SpeechPlan): TrialMaker =>
  ({ inputs }) => {
    const dims = [1, bins, samples / hop];
    const values = Float32Array.from({ length: bins * (samples / hop) }, (_, index) =>
      Math.sin(index * 12.9898 + (index % 97)),
    );
    const isHalf = inputs.find(({ name }) => name === SOUND)?.type === 'float16';
    return {
      [SOUND]: isHalf
        ? { type: 'float16', dims, data: toHalves(values) }
        : { type: 'float32', dims, data: values },
    };
  };
