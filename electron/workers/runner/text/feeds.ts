/** The inputs of a text graph: which ones it wants, and the tensors for a batch. Pure. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { GraphValue, Tensor, VectorReduction } from '../sessions.ts';
import type { TextConfig } from './config.ts';

const MASK = 'attention_mask';

/** The values of an input for the tokens of one text. */
const makers: Readonly<Record<string, { at(tokens: readonly number[], index: number): number }>> = {
  input_ids: { at: (tokens, index) => tokens[index] as number },
  [MASK]: { at: () => 1 },
  token_type_ids: { at: () => 0 },
  position_ids: { at: (_, index) => index },
};

function badGraph(message: ReturnType<typeof fact<'RUNNER_WRONG_INPUTS' | 'RUNNER_WRONG_OUTPUTS'>>) {
  return new PilotlightError('RUNNER_BAD_MODEL', { message });
}

const shapeText = ({ name, type, dims }: GraphValue) => `${name} (${type} [${dims.join(', ')}])`;

/** Whether a graph takes texts at all. */
export const takesTexts = (inputs: readonly GraphValue[]): boolean =>
  inputs.some(({ name }) => name === 'input_ids');

/** Throws RUNNER_BAD_MODEL if the graph needs anything that a text does not have. */
export function checkInputs(inputs: readonly GraphValue[]): void {
  const isKnown = ({ name, type, dims }: GraphValue) =>
    name in makers && (type === 'int64' || type === 'int32') && dims.length === 2;
  const unknown = inputs.filter((one) => !isKnown(one));
  if (unknown.length === 0 && takesTexts(inputs)) return;
  throw badGraph(
    fact('RUNNER_WRONG_INPUTS', {
      inputs: (unknown.length === 0 ? inputs : unknown).map(shapeText).join(', '),
    }),
  );
}

const vectorNames = ['sentence_embedding', 'text_embeds', 'text_embedding', 'embeddings'];
const tokenNames = ['last_hidden_state', 'token_embeddings', 'hidden_states'];

const isFloat = ({ type }: GraphValue) => type === 'float32' || type === 'float16';

/** The output with a vector for each token, [N, S, D]; undefined if the graph gives only vectors of texts. */
export function tokenOutput(outputs: readonly GraphValue[]): GraphValue | undefined {
  const usable = outputs.filter((one) => isFloat(one) && one.dims.length === 3);
  const named = tokenNames.map((name) => usable.find((one) => one.name === name)).find(Boolean);
  return named ?? usable[0];
}

/** Which output is pooled, and how. Throws RUNNER_BAD_MODEL. */
export function chooseOutput(
  outputs: readonly GraphValue[],
  pooling: TextConfig['pooling'],
): Pick<VectorReduction, 'output' | 'pooling'> {
  const usable = outputs.filter(isFloat);
  const of = (rank: number, names: readonly string[]) =>
    names.map((name) => usable.find((one) => one.name === name && one.dims.length === rank)).find(Boolean);
  // A graph that pools itself does it as its model was trained.
  const own = of(2, vectorNames);
  const tokens = tokenOutput(outputs);
  const rest = usable.find(({ dims }) => dims.length === 2);
  if (own) return { output: own.name, pooling: 'none' };
  if (tokens) return { output: tokens.name, pooling: pooling ?? 'mean' };
  if (rest) return { output: rest.name, pooling: 'none' };
  throw badGraph(fact('RUNNER_WRONG_OUTPUTS', { outputs: outputs.map(shapeText).join(', ') || 'nothing' }));
}

/** What batches a graph can take. */
export interface BatchShape {
  /** Texts at once; null for any number. */
  rows: number | null;
  /** Every text is padded to this; null to pad to the longest. */
  length: number | null;
  /** Without a mask, padding would count: only texts of one length may run together. */
  hasMask: boolean;
}

export function batchShapeOf(inputs: readonly GraphValue[]): BatchShape {
  const dims = inputs.find(({ name }) => name === 'input_ids')?.dims ?? [];
  const fixed = (dim: number | string | undefined) => (typeof dim === 'number' && dim > 0 ? dim : null);
  return {
    rows: fixed(dims[0]),
    length: fixed(dims[1]),
    hasMask: inputs.some(({ name }) => name === MASK),
  };
}

/** Tensors of texts that are padded to the longest one, or to `length`. */
export function feedsOf(
  texts: readonly (readonly number[])[],
  inputs: readonly Pick<GraphValue, 'name' | 'type'>[],
  { padId, length: fixed }: { padId: number; length: number | null },
): Record<string, Tensor> {
  const longest = fixed ?? Math.max(1, ...texts.map((tokens) => tokens.length));
  const dims = [texts.length, longest];
  return Object.fromEntries(
    inputs.map(({ name, type }): [string, Tensor] => {
      const { at } = makers[name] as (typeof makers)[string];
      const pad = name === 'input_ids' ? padId : 0;
      const length = texts.length * longest;
      if (type === 'int32') {
        const data = new Int32Array(length).fill(pad);
        for (const [row, tokens] of texts.entries())
          for (let index = 0; index < tokens.length; index += 1)
            data[row * longest + index] = at(tokens, index);
        return [name, { type, dims, data }];
      }
      const data = new BigInt64Array(length).fill(BigInt(pad));
      for (const [row, tokens] of texts.entries())
        for (let index = 0; index < tokens.length; index += 1)
          data[row * longest + index] = BigInt(at(tokens, index));
      return [name, { type: 'int64', dims, data }];
    }),
  );
}
