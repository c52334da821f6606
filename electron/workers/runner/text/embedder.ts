/**
 * Vectors of texts by one loaded model. Texts of different requests share a batch; nothing waits for others to come
 * while the model is free. Queries go before bulk.
 */
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Tensor } from '../sessions.ts';
import type { BudgetTuner } from './autotune.ts';
import { feedsOf } from './feeds.ts';
import type { LoadedText } from './load.ts';
import { createWaitingTexts, paddedTokens, type Waiting } from './plan.ts';

export interface EmbedOptions {
  /** Before all bulk. */
  urgent: boolean;
  signal?: AbortSignal;
}

export interface TextEmbedder {
  /**
   * One vector per text, in order. A text that fails, fails all of its request, and nothing of another one.
   * @throws PilotlightError: RUNNER_NAN, RUNNER_INPUT_REFUSED, RUNNER_OUT_OF_MEMORY, RUNNER_QUEUE_FULL, RUNNER_STOPPED
   */
  embed(texts: readonly (readonly number[])[], options: EmbedOptions): Promise<Float32Array[]>;
  readonly waiting: { queries: number; bulk: number };
}

interface Text extends Waiting {
  resolve(vector: Float32Array): void;
  reject(error: unknown): void;
}

export interface TextEmbedderOptions {
  tuner(): BudgetTuner;
  /** Texts that may wait. Default 200,000. */
  mostWaiting?: number;
}

/** What may be the fault of a single text, or of too many. */
const faultsOfTexts: ReadonlySet<string> = new Set([
  'RUNNER_INPUT_REFUSED',
  'RUNNER_OUT_OF_MEMORY',
  'RUNNER_BAD_GRAPH',
]);

const MOST_WAITING = 200_000;
/** Padding costs a CPU as much as text; a GPU hardly anything below its full width. */
const SHORTEST = { cpu: 0.6, gpu: 0.3 };

export function createTextEmbedder(
  { graph, tokenizer, shape, output }: LoadedText,
  { tuner, mostWaiting = MOST_WAITING }: TextEmbedderOptions,
): TextEmbedder {
  const queries = createWaitingTexts<Text>();
  const bulk = createWaitingTexts<Text>();
  const batches = { queries: 0, bulk: 0 };
  let order = 0;
  let isStarting = false;

  function shortest(): number {
    if (!shape.hasMask) return 1;
    return graph.provider() === 'cpu' ? SHORTEST.cpu : SHORTEST.gpu;
  }

  async function vectorsOf(batch: readonly Text[], urgent: boolean): Promise<Float32Array[]> {
    const rows = batch.map((text) => text.tokens);
    const tokens = paddedTokens(batch);
    const feeds = feedsOf(rows, graph.inputs, { padId: tokenizer.padId, length: shape.length });
    const answers = await graph.run(feeds, {
      urgent,
      size: tokens,
      // Its part of what the processor did meanwhile.
      onRan: ({ ms, beside }) => (urgent ? undefined : tuner().learn(tokens, ms / beside)),
      divisible: batch.length > 1,
      reduce: { kind: 'vectors', ...output, lengths: rows.map(({ length }) => length) },
    });
    const { data, dims } = answers[output.output] as Tensor;
    const size = dims[1] ?? 0;
    return batch.map((_, row) => (data as Float32Array).slice(row * size, (row + 1) * size));
  }

  /** Settles each of the texts. A batch that cannot be run is halved until the text at fault is alone. */
  async function runBatch(batch: readonly Text[], urgent: boolean): Promise<void> {
    let vectors: Float32Array[];
    try {
      vectors = await vectorsOf(batch, urgent);
    } catch (error) {
      const code = isPilotlightError(error) ? error.code : null;
      if (batch.length === 1 || code === null || !faultsOfTexts.has(code)) {
        for (const text of batch) text.reject(error);
        return;
      }
      if (code === 'RUNNER_OUT_OF_MEMORY') tuner().tooMany(paddedTokens(batch));
      const half = Math.ceil(batch.length / 2);
      await runBatch(batch.slice(0, half), urgent);
      await runBatch(batch.slice(half), urgent);
      return;
    }
    for (const [index, text] of batch.entries()) {
      const vector = vectors[index] as Float32Array;
      if (vector.every(Number.isFinite)) text.resolve(vector);
      else text.reject(new PilotlightError('RUNNER_NAN'));
    }
  }

  function startBatch(kind: keyof typeof batches): void {
    const urgent = kind === 'queries';
    const budget = shape.rows === 1 ? 1 : tuner().budget();
    const batch = (urgent ? queries : bulk).take(budget, shortest());
    batches[kind] += 1;
    void runBatch(batch, urgent).finally(() => {
      batches[kind] -= 1;
      startBatches();
    });
  }

  function startBatches(): void {
    while (queries.size > 0 && batches.queries < graph.atOnce(true)) startBatch('queries');
    while (queries.size === 0 && bulk.size > 0 && batches.bulk < graph.atOnce(false)) startBatch('bulk');
  }

  function start(): void {
    if (isStarting) return;
    isStarting = true;
    // After the caller has added all of its texts.
    queueMicrotask(() => {
      isStarting = false;
      startBatches();
    });
  }

  return {
    embed(texts, { urgent, signal }) {
      const waiting = urgent ? queries : bulk;
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (waiting.size + texts.length > mostWaiting)
        return Promise.reject(new PilotlightError('RUNNER_QUEUE_FULL'));
      return new Promise((resolve, reject) => {
        const vectors: Float32Array[] = [];
        const mine = new Set<Text>();
        let left = texts.length;
        const abort = () => fail(signal?.reason);
        function fail(error: unknown): void {
          signal?.removeEventListener('abort', abort);
          for (const text of mine) waiting.remove(text);
          reject(error);
        }
        // The longest first: the oldest text is then one beside which the others of its request fit.
        const longestFirst = [...texts.entries()].sort(([, one], [, other]) => other.length - one.length);
        for (const [index, tokens] of longestFirst) {
          order += 1;
          const text: Text = {
            tokens,
            order,
            resolve(vector) {
              vectors[index] = vector;
              mine.delete(text);
              left -= 1;
              if (left > 0) return;
              signal?.removeEventListener('abort', abort);
              resolve(vectors);
            },
            reject: fail,
          };
          mine.add(text);
          waiting.add(text);
        }
        if (left === 0) return resolve([]);
        signal?.addEventListener('abort', abort, { once: true });
        start();
      });
    },
    get waiting() {
      return { queries: queries.size, bulk: bulk.size };
    },
  };
}
