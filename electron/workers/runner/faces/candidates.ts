/**
 * The rows of a detector's outputs whose score is high enough: a few of the thousands that a picture has. Pure.
 * Numbers are those of the outputs, so that a face is the same wherever it is read.
 */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { CandidateReduction, Tensor } from '../sessions.ts';
import { type DetectorLayout, STRIDES } from './detector-layout.ts';
import { floats } from './graph-shapes.ts';

export type Outputs = Readonly<Record<string, Tensor>>;

/** The only output of a run that was reduced to them. */
export const CANDIDATES = 'candidates';

/**
 * Columns of a candidate: the picture in its batch, the stride and the cell that it was found in, its two scores
 * (SCRFD has one, and 1), the box's four numbers and the points' ten.
 */
export const CANDIDATE = { picture: 0, stride: 1, cell: 2, scores: 3, box: 5, points: 9, size: 19 } as const;

/** Names of the outputs that a run has to give. */
export function outputsOf(layout: DetectorLayout): string[] {
  return layout.kind === 'yunet'
    ? [...layout.cls, ...layout.obj, ...layout.bbox, ...layout.kps]
    : [...layout.scores, ...layout.boxes, ...(layout.points ?? [])];
}

export const candidateScore = (kind: DetectorLayout['kind'], first: number, second: number): number =>
  kind === 'yunet' ? Math.sqrt(clamp(first) * clamp(second)) : first;

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/**
 * Float32 [candidates, columns], in the order of the outputs.
 * @throws FACES_WRONG_ANSWER if the outputs do not fit the input, or a score is not a number
 */
export function candidatesOf(
  outputs: Outputs,
  { layout, count, size, minScore }: Omit<CandidateReduction, 'kind'>,
): Tensor {
  const found: number[] = [];
  for (const [index, stride] of STRIDES.entries()) {
    const rows = rowsOfStride(outputs, layout, { index, count });
    const cells = cellsOf(layout, size, stride);
    const places = rows.first.length / count;
    const anchors = places / cells;
    const isFit = layout.kind === 'yunet' ? anchors === 1 : anchors === 1 || anchors === 2;
    if (!isFit || !isWhole(rows)) throw wrongRows(rows.name, rows.first.length);
    for (let at = 0; at < rows.first.length; at += 1) {
      const first = rows.first[at] as number;
      const second = rows.second === null ? 1 : (rows.second[at] as number);
      const score = candidateScore(layout.kind, first, second);
      if (!(score >= minScore)) {
        if (Number.isNaN(score)) throw notNumbers(rows.name);
        continue;
      }
      found.push(Math.floor(at / places), stride, Math.floor((at % places) / anchors), first, second);
      for (let column = 0; column < 4; column += 1) found.push(rows.box[at * 4 + column] as number);
      for (let column = 0; column < 10; column += 1) found.push(rows.points?.[at * 10 + column] ?? 0);
    }
  }
  return {
    type: 'float32',
    dims: [found.length / CANDIDATE.size, CANDIDATE.size],
    data: Float32Array.from(found),
  };
}

function cellsOf(
  { kind }: DetectorLayout,
  { width, height }: CandidateReduction['size'],
  stride: number,
): number {
  return kind === 'yunet'
    ? (width / stride) * (height / stride)
    : Math.ceil(width / stride) * Math.ceil(height / stride);
}

interface StrideRows {
  /** Of the output that is named where something is wrong. */
  name: string;
  first: Float32Array;
  second: Float32Array | null;
  box: Float32Array;
  points: Float32Array | null;
}

function rowsOfStride(
  outputs: Outputs,
  layout: DetectorLayout,
  { index, count }: { index: number; count: number },
): StrideRows {
  const read = (names: readonly string[], columns: number) =>
    valuesOf(outputs, names[index] as string, { columns, count });
  return layout.kind === 'yunet'
    ? {
        name: layout.cls[index] as string,
        first: read(layout.cls, 1),
        second: read(layout.obj, 1),
        box: read(layout.bbox, 4),
        points: read(layout.kps, 10),
      }
    : {
        name: layout.scores[index] as string,
        first: read(layout.scores, 1),
        second: null,
        box: read(layout.boxes, 4),
        points: layout.points === null ? null : read(layout.points, 10),
      };
}

/** Of all pictures. Without a batch dimension there is only one picture. */
function valuesOf(
  outputs: Outputs,
  name: string,
  { columns, count }: { columns: number; count: number },
): Float32Array {
  const tensor = outputs[name];
  const values = tensor === undefined ? null : floats(tensor);
  if (tensor === undefined || values === null || tensor.dims.at(-1) !== columns) throw wrongRows(name, 0);
  const pictures = tensor.dims.length === 3 ? tensor.dims[0] : 1;
  if (pictures !== count) throw wrongRows(name, tensor.dims[0] ?? 0);
  return values;
}

const isWhole = ({ first, second, box, points }: StrideRows): boolean =>
  (second === null || second.length === first.length) &&
  box.length === first.length * 4 &&
  (points === null || points.length === first.length * 10);

const wrongRows = (name: string, rows: number) =>
  new PilotlightError('FACES_WRONG_ANSWER', { message: fact('GRAPH_WRONG_ROWS', { name, rows }) });

const notNumbers = (name: string) =>
  new PilotlightError('FACES_WRONG_ANSWER', { message: fact('GRAPH_BAD_VALUES', { name }) });
