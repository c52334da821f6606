/** Tells embedders of faces from other graphs, and how they want their pictures. Pure. */
import { fact, type Message } from '../../../../shared/models/message.ts';
import type { GraphValue } from '../sessions.ts';
import type { EmbedderLayout } from './embedder-layout.ts';
import { fixedDim, pictureInput, shapeText } from './graph-shapes.ts';
import { asIs, evenly, type Normalisation } from './planes.ts';

export type EmbedderFinding = { layout: EmbedderLayout } | { refused: Message };

/** A node at the start of a graph. */
export interface GraphNode {
  op: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
}

const SIDE_UNLESS_SAID = 112;
/** Nodes that a normalisation may have. */
const MOST_STEPS = 8;

export function embedderOf(inputs: readonly GraphValue[], outputs: readonly GraphValue[]): EmbedderFinding {
  const [first] = inputs;
  const [output] = outputs;
  if (inputs.length !== 1 || first === undefined) {
    return { refused: fact('GRAPH_MANY_INPUTS', { count: inputs.length }) };
  }
  const input = pictureInput(first);
  const side = input?.width ?? SIDE_UNLESS_SAID;
  if (input === null || (input.height ?? side) !== side) {
    return { refused: fact('GRAPH_NO_PICTURE_INPUT', { shape: shapeText(first) }) };
  }
  const dimensions = fixedDim(output?.dims[1]);
  // Graphs that find points or say an age have a row of numbers, too; vectors have a round count of them.
  const isVector =
    outputs.length === 1 && output?.dims.length === 2 && dimensions !== null && isVectorLength(dimensions);
  if (!isVector) return { refused: fact('GRAPH_NO_VECTOR', { shape: outputs.map(shapeText).join(' ') }) };
  return {
    layout: { input: input.name, output: output.name, takesBatch: input.takesBatch, side, dimensions },
  };
}

const isVectorLength = (count: number) => count >= 64 && count <= 4096 && count % 32 === 0;

/** What most embedders of ArcFace's kind were trained with. */
export const arcface: Normalisation = evenly(127.5, 127.5);

/**
 * Graphs that begin with a subtraction and a multiplication, or with a batch normalisation of the picture, normalise
 * it themselves.
 */
export function normalisationOf(nodes: readonly GraphNode[], input: string): Normalisation {
  let value = input;
  let hasShift = false;
  let hasScale = false;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const node = nodes.find(({ inputs }) => inputs.includes(value));
    if (node === undefined) break;
    if (node.op === 'BatchNormalization' && value === input) return asIs('rgb');
    if (node.op === 'Sub') hasShift = true;
    else if (node.op === 'Mul' || node.op === 'Div') hasScale = true;
    else if (node.op !== 'Identity' && node.op !== 'Cast') break;
    const [next] = node.outputs;
    if (next === undefined) break;
    value = next;
  }
  return hasShift && hasScale ? asIs('rgb') : arcface;
}
