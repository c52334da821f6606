/** Tells detectors apart by their outputs, whatever their files and values are called. Pure. */
import { fact, type Message } from '../../../../shared/models/message.ts';
import type { GraphValue } from '../sessions.ts';
import { type DetectorLayout, STRIDES } from './detector-layout.ts';
import { fixedDim, pictureInput, shapeText } from './graph-shapes.ts';

export type DetectorFinding = { layout: DetectorLayout } | { refused: Message };

export function detectorOf(inputs: readonly GraphValue[], outputs: readonly GraphValue[]): DetectorFinding {
  const [first] = inputs;
  if (inputs.length !== 1 || first === undefined) {
    return { refused: fact('GRAPH_MANY_INPUTS', { count: inputs.length }) };
  }
  const input = pictureInput(first);
  if (input === null) return { refused: fact('GRAPH_NO_PICTURE_INPUT', { shape: shapeText(first) }) };
  const { width, height } = input;
  const base = {
    input: input.name,
    takesBatch: input.takesBatch,
    size: width === null || height === null ? null : { width, height },
  };
  const yunet = yunetOutputs(outputs);
  if (yunet !== null) return { layout: { ...base, kind: 'yunet', ...yunet } };
  const scrfd = scrfdOutputs(outputs);
  if (scrfd !== null) return { layout: { ...base, kind: 'scrfd', ...scrfd } };
  return { refused: fact('GRAPH_UNKNOWN_OUTPUTS', { names: outputs.map(({ name }) => name).join(', ') }) };
}

function yunetOutputs(outputs: readonly GraphValue[]) {
  const names = new Set(outputs.map(({ name }) => name));
  const group = (prefix: string) => STRIDES.map((stride) => `${prefix}_${stride}`);
  const groups = { cls: group('cls'), obj: group('obj'), bbox: group('bbox'), kps: group('kps') };
  return Object.values(groups)
    .flat()
    .every((name) => names.has(name))
    ? groups
    : null;
}

/** Exports differ in names and in the batch dimension; the last dimension says what a value is: 1, 4 or 10 numbers a place. */
function scrfdOutputs(outputs: readonly GraphValue[]) {
  if (outputs.length !== 6 && outputs.length !== 9) return null;
  const scores: string[] = [];
  const boxes: string[] = [];
  const points: string[] = [];
  for (const [index, { name, dims }] of outputs.entries()) {
    if (dims.length !== 2 && dims.length !== 3) return null;
    const columns = fixedDim(dims.at(-1));
    // Where a dimension is not said, the order of the official exports counts.
    const group =
      columns === null
        ? [scores, boxes, points][Math.floor(index / STRIDES.length)]
        : columns === 1
          ? scores
          : columns === 4
            ? boxes
            : columns === 10
              ? points
              : undefined;
    if (group === undefined) return null;
    group.push(name);
  }
  if (scores.length !== 3 || boxes.length !== 3 || points.length !== outputs.length - 6) return null;
  return { scores, boxes, points: points.length === 0 ? null : points };
}
