/** Faces from the outputs of a detector. Pure. Coordinates are those of the graph's input. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { Tensor } from '../sessions.ts';
import { type DetectorLayout, STRIDES } from './detector-kind.ts';
import type { Face } from './face.ts';
import { floats } from './graph-shapes.ts';
import { type SuppressionRule, suppress } from './suppression.ts';

export type Outputs = Readonly<Record<string, Tensor>>;

interface InputSize {
  width: number;
  height: number;
}

const YUNET_RULE: SuppressionRule = { overlap: 0.3, edge: 0 };
const SCRFD_RULE: SuppressionRule = { overlap: 0.4, edge: 1 };

/** From this score on, unless somebody asks for another: the values of OpenCV and of insightface. */
export const defaultMinScore = { yunet: 0.6, scrfd: 0.5 } as const;

/**
 * @param at the picture's place in the batch of `count`
 * @throws FACES_WRONG_ANSWER if the outputs do not fit the input
 */
export function readFaces(
  layout: DetectorLayout,
  outputs: Outputs,
  { at, count, size, minScore }: { at: number; count: number; size: InputSize; minScore: number },
): Face[] {
  const read = (name: string, columns: number) => rowsOf(outputs, name, columns, at, count);
  return layout.kind === 'yunet'
    ? suppress(readYunet(layout, read, size, minScore), YUNET_RULE)
    : suppress(readScrfd(layout, read, size, minScore), SCRFD_RULE);
}

type Read = (name: string, columns: number) => Float32Array;

function readYunet(
  layout: DetectorLayout & { kind: 'yunet' },
  read: Read,
  { width, height }: InputSize,
  minScore: number,
): Face[] {
  const faces: Face[] = [];
  for (const [index, stride] of STRIDES.entries()) {
    const columns = width / stride;
    const places = columns * (height / stride);
    const name = layout.cls[index] as string;
    const cls = read(name, 1);
    const obj = read(layout.obj[index] as string, 1);
    const bbox = read(layout.bbox[index] as string, 4);
    const kps = read(layout.kps[index] as string, 10);
    if (cls.length !== places || obj.length !== places) throw wrongRows(name, cls.length);
    for (let place = 0; place < places; place += 1) {
      const score = Math.sqrt(clamp(cls[place] as number) * clamp(obj[place] as number));
      if (!(score >= minScore)) {
        if (Number.isNaN(score)) throw notNumbers(name);
        continue;
      }
      const column = place % columns;
      const row = Math.floor(place / columns);
      const value = (offset: number) => bbox[place * 4 + offset] as number;
      const x = (column + value(0)) * stride;
      const y = (row + value(1)) * stride;
      const halfWidth = (Math.exp(value(2)) * stride) / 2;
      const halfHeight = (Math.exp(value(3)) * stride) / 2;
      faces.push({
        box: { x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight },
        score,
        landmarks: pointsOf(kps, place, (dx, dy) => ({ x: (dx + column) * stride, y: (dy + row) * stride })),
      });
    }
  }
  return faces;
}

function readScrfd(
  layout: DetectorLayout & { kind: 'scrfd' },
  read: Read,
  { width, height }: InputSize,
  minScore: number,
): Face[] {
  const faces: Face[] = [];
  for (const [index, stride] of STRIDES.entries()) {
    const columns = Math.ceil(width / stride);
    const cells = columns * Math.ceil(height / stride);
    const name = layout.scores[index] as string;
    const scores = read(name, 1);
    const boxes = read(layout.boxes[index] as string, 4);
    const points = layout.points === null ? null : read(layout.points[index] as string, 10);
    // One or two anchors a cell, side by side.
    const anchors = scores.length / cells;
    if ((anchors !== 1 && anchors !== 2) || boxes.length !== scores.length * 4) {
      throw wrongRows(name, scores.length);
    }
    for (let place = 0; place < scores.length; place += 1) {
      const score = scores[place] as number;
      if (!(score >= minScore)) {
        if (Number.isNaN(score)) throw notNumbers(name);
        continue;
      }
      const cell = Math.floor(place / anchors);
      const x = (cell % columns) * stride;
      const y = Math.floor(cell / columns) * stride;
      const distance = (side: number) => (boxes[place * 4 + side] as number) * stride;
      faces.push({
        box: { x1: x - distance(0), y1: y - distance(1), x2: x + distance(2), y2: y + distance(3) },
        score,
        landmarks:
          points && pointsOf(points, place, (dx, dy) => ({ x: x + dx * stride, y: y + dy * stride })),
      });
    }
  }
  return faces;
}

function pointsOf<Made>(values: Float32Array, place: number, make: (dx: number, dy: number) => Made): Made[] {
  const points: Made[] = [];
  for (let at = place * 10; at < place * 10 + 10; at += 2) {
    points.push(make(values[at] as number, values[at + 1] as number));
  }
  return points;
}

/** The rows of one picture. Without a batch dimension there is only one picture. */
function rowsOf(outputs: Outputs, name: string, columns: number, at: number, count: number): Float32Array {
  const tensor = outputs[name];
  const values = tensor === undefined ? null : floats(tensor);
  if (tensor === undefined || values === null || tensor.dims.at(-1) !== columns) throw wrongRows(name, 0);
  const pictures = tensor.dims.length === 3 ? tensor.dims[0] : 1;
  if (pictures !== count) throw wrongRows(name, tensor.dims[0] ?? 0);
  const each = values.length / count;
  return values.subarray(at * each, (at + 1) * each);
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));

const wrongRows = (name: string, rows: number) =>
  new PilotlightError('FACES_WRONG_ANSWER', { message: fact('GRAPH_WRONG_ROWS', { name, rows }) });

const notNumbers = (name: string) =>
  new PilotlightError('FACES_WRONG_ANSWER', { message: fact('GRAPH_BAD_VALUES', { name }) });
