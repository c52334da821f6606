/**
 * Runs of one request, which share no batch with others: the vectors of all tokens, and vectors that are not normalised
 * although the model's are. Few clients ask for them.
 */
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import { toFloats } from '../inference/float16.ts';
import type { BudgetTuner } from './autotune.ts';
import { feedsOf, tokenOutput } from './feeds.ts';
import type { LoadedText } from './load.ts';

export interface OwnRunOptions {
  urgent: boolean;
  signal: AbortSignal;
}

export interface OwnRuns {
  /**
   * For each text one vector per token, special ones included.
   * @throws PilotlightError: RUNNER_NO_TOKEN_VECTORS, RUNNER_BODY_TOO_LARGE, and what a run throws
   */
  ofTokens(texts: readonly (readonly number[])[], options: OwnRunOptions): Promise<Float32Array[][]>;
  /** One vector per text, as long as it comes out of the model. */
  raw(texts: readonly (readonly number[])[], options: OwnRunOptions): Promise<Float32Array[]>;
}

type Loaded = Pick<LoadedText, 'graph' | 'tokenizer' | 'shape' | 'output'>;

/** In one request for the vectors of tokens: each crosses to this process, and becomes text in the answer. */
export const MOST_TOKENS = 16_384;

export function createOwnRuns(loaded: Loaded, tuner: () => Pick<BudgetTuner, 'budget' | 'tooMany'>): OwnRuns {
  const { graph, tokenizer, shape, output } = loaded;

  /** Batches of texts of nearly one length: their places in the request, within the budget of padded tokens. */
  function batchesOf(texts: readonly (readonly number[])[]): number[][] {
    const budget = tuner().budget();
    const lengthOf = (place: number) => (texts[place] as readonly number[]).length;
    const order = [...texts.keys()].sort((one, other) => lengthOf(other) - lengthOf(one));
    const batches: number[][] = [];
    for (const place of order) {
      const batch = batches.at(-1);
      const longest = batch === undefined ? 0 : lengthOf(batch[0] as number);
      const fits =
        batch !== undefined &&
        shape.rows === null &&
        (batch.length + 1) * longest <= budget &&
        (shape.hasMask || lengthOf(place) === longest);
      if (fits) batch.push(place);
      else batches.push([place]);
    }
    return batches;
  }

  /** Each text's part of the answer, in order. A batch that the device cannot hold is halved. */
  async function each<Part>(
    texts: readonly (readonly number[])[],
    run: (rows: readonly (readonly number[])[]) => Promise<Part[]>,
  ): Promise<Part[]> {
    const parts: Part[] = [];
    async function runBatch(places: readonly number[]): Promise<void> {
      const rows = places.map((place) => texts[place] as readonly number[]);
      try {
        for (const [row, part] of (await run(rows)).entries()) parts[places[row] as number] = part;
      } catch (error) {
        const isTooLarge = isPilotlightError(error) && error.code === 'RUNNER_OUT_OF_MEMORY';
        if (!isTooLarge || places.length === 1) throw error;
        tuner().tooMany(rows.length * (rows[0]?.length ?? 0));
        const half = Math.ceil(places.length / 2);
        await runBatch(places.slice(0, half));
        await runBatch(places.slice(half));
      }
    }
    for (const places of batchesOf(texts)) await runBatch(places);
    return parts;
  }

  const feeds = (rows: readonly (readonly number[])[]) =>
    feedsOf(rows, graph.inputs, { padId: tokenizer.padId, length: shape.length });
  const optionsOf = (rows: readonly (readonly number[])[], { urgent, signal }: OwnRunOptions) => ({
    ...{ urgent, signal },
    size: rows.length * Math.max(1, ...rows.map(({ length }) => length)),
    divisible: rows.length > 1,
  });

  return {
    async ofTokens(texts, options) {
      const found = tokenOutput(graph.outputs);
      if (found === undefined) throw new PilotlightError('RUNNER_NO_TOKEN_VECTORS');
      const count = texts.reduce((sum, { length }) => sum + length, 0);
      if (count > MOST_TOKENS)
        throw new PilotlightError('RUNNER_BODY_TOO_LARGE', {
          message: fact('RUNNER_TOO_MANY_TOKENS', { count, most: MOST_TOKENS }),
        });
      return each(texts, async (rows) => {
        const answer = (await graph.run(feeds(rows), optionsOf(rows, options)))[found.name];
        const [texts = 0, perText = 0, size = 0] = answer?.dims ?? [];
        // Rows of another text are never handed out.
        if (answer === undefined || texts !== rows.length || rows.some(({ length }) => length > perText))
          throw new PilotlightError('RUNNER_NO_TOKEN_VECTORS');
        const values = toFloats(answer);
        return rows.map(({ length }, row) =>
          Array.from({ length }, (_, token) => {
            const from = (row * perText + token) * size;
            return checked(values.slice(from, from + size));
          }),
        );
      });
    },
    raw: (texts, options) =>
      each(texts, async (rows) => {
        const answers = await graph.run(feeds(rows), {
          ...optionsOf(rows, options),
          reduce: { ...output, normalise: false, lengths: rows.map(({ length }) => length) },
        });
        const answer = answers[output.output];
        const size = answer?.dims[1] ?? 0;
        const values = answer === undefined ? new Float32Array() : toFloats(answer);
        return rows.map((_, row) => checked(values.slice(row * size, (row + 1) * size)));
      }),
  };
}

function checked(vector: Float32Array): Float32Array {
  if (!vector.every(Number.isFinite)) throw new PilotlightError('RUNNER_NAN');
  return vector;
}
