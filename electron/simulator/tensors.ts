/** The tensors of a model, as show lists them: those outside of the blocks first, then block by block, each by name. */
import type { ModelDefinition } from './model.ts';

interface Tensor {
  name: string;
  type: string;
  shape: number[];
}

/** Empty for a family whose tensors are not known, or whose definition lacks their sizes. */
export function tensorsOf(model: ModelDefinition): Tensor[] {
  const { feedForwardLength: inner, vocabSize: words } = model;
  if (inner === undefined || words === undefined) return [];
  const family = families[model.family];
  if (family === undefined) return [];
  const { outside, block } = family({ ...model, inner, words });
  return [
    ...tensors(outside, '', model.quantization),
    ...Array.from({ length: model.blockCount }, (_, index) =>
      tensors(block, `blk.${index}.`, model.quantization),
    ).flat(),
  ];
}

/** Shapes by name; one of a single dimension is not quantised. */
type Shapes = Readonly<Record<string, number[]>>;

interface Sizes extends ModelDefinition {
  /** Length of the feed-forward layers. */
  inner: number;
  words: number;
}

const families: Readonly<Record<string, (sizes: Sizes) => { outside: Shapes; block: Shapes }>> = {
  llama({ embeddingLength: width, inner, words, kvHeads, headDim }) {
    const keys = kvHeads * headDim;
    return {
      outside: {
        'output.weight': [width, words],
        'output_norm.weight': [width],
        'token_embd.weight': [width, words],
      },
      block: {
        'attn_k.weight': [width, keys],
        'attn_norm.weight': [width],
        'attn_output.weight': [width, width],
        'attn_q.weight': [width, width],
        'attn_v.weight': [width, keys],
        'ffn_down.weight': [inner, width],
        'ffn_gate.weight': [width, inner],
        'ffn_norm.weight': [width],
        'ffn_up.weight': [width, inner],
      },
    };
  },
  bert({ embeddingLength: width, inner, words, contextLength }) {
    const square = (name: string): Shapes => ({
      [`${name}.bias`]: [width],
      [`${name}.weight`]: [width, width],
    });
    const norm = (name: string): Shapes => ({ [`${name}.bias`]: [width], [`${name}.weight`]: [width] });
    return {
      outside: {
        'position_embd.weight': [width, contextLength],
        'token_embd.weight': [width, words],
        ...norm('token_embd_norm'),
        'token_types.weight': [width, 2],
      },
      block: {
        ...square('attn_k'),
        ...square('attn_output'),
        ...norm('attn_output_norm'),
        ...square('attn_q'),
        ...square('attn_v'),
        'ffn_down.bias': [width],
        'ffn_down.weight': [inner, width],
        'ffn_up.bias': [inner],
        'ffn_up.weight': [width, inner],
        ...norm('layer_output_norm'),
      },
    };
  },
};

function tensors(shapes: Shapes, prefix: string, quantization: string): Tensor[] {
  return Object.entries(shapes).map(([name, shape]) => ({
    name: prefix + name,
    type: typeOf(name, shape, quantization),
    shape,
  }));
}

/** Vectors, and the tables of positions of token types, stay in 32 bits. */
function typeOf(name: string, shape: readonly number[], quantization: string): string {
  if (shape.length === 1 || name === 'token_types.weight') return 'F32';
  return quantization;
}
