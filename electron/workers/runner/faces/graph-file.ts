/**
 * Reads what an ONNX file says of itself: inputs, outputs and first nodes. Weights are skipped, so that a file of
 * 200 MB costs a few reads, and no runtime is needed to tell one model from another.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { GraphValue } from '../sessions.ts';
import type { GraphNode } from './embedder-kind.ts';

export interface GraphFile {
  inputs: GraphValue[];
  outputs: GraphValue[];
  /** The first ones only. */
  nodes: GraphNode[];
}

const MOST_NODES = 32;
/** Longest single field that is read as a whole: a name, a node, the type of a value. */
const MOST_FIELD = 1_000_000;
const CHUNK = 65_536;

const elementTypes: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
  11: 'float64',
};

// Fields of onnx.proto.
const MODEL_GRAPH = 7;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, op: 4 };
const VALUE = { name: 1, type: 2 };
const TENSOR_NAME = 8;

/** @throws FACES_NOT_A_MODEL if the file is not an ONNX graph; the system's error if it cannot be read */
export async function readGraphFile(path: string): Promise<GraphFile> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = createBytes(file, size);
    const graph: GraphFile = { inputs: [], outputs: [], nodes: [] };
    let hasGraph = false;
    for await (const field of fieldsOf(bytes, 0, size)) {
      if (field.number !== MODEL_GRAPH || field.kind !== 'bytes') continue;
      hasGraph = true;
      await readGraph(bytes, field.start, field.end, graph);
    }
    if (!hasGraph || graph.inputs.length === 0) throw new RangeError('It has no graph.');
    return graph;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PilotlightError('FACES_NOT_A_MODEL', {
      message: fact('GRAPH_UNREADABLE', { file: basename(path) }),
      cause: error,
    });
  } finally {
    await file.close();
  }
}

async function readGraph(bytes: Bytes, start: number, end: number, graph: GraphFile): Promise<void> {
  const constants = new Set<string>();
  for await (const field of fieldsOf(bytes, start, end)) {
    if (field.kind !== 'bytes') continue;
    if (field.number === GRAPH.node && graph.nodes.length < MOST_NODES) {
      graph.nodes.push(nodeOf(await bytes.read(field.start, field.end)));
    } else if (field.number === GRAPH.input) {
      graph.inputs.push(graphValueOf(await bytes.read(field.start, field.end)));
    } else if (field.number === GRAPH.output) {
      graph.outputs.push(graphValueOf(await bytes.read(field.start, field.end)));
    } else if (field.number === GRAPH.initializer) {
      const name = await nameOf(bytes, field.start, field.end);
      if (name !== null) constants.add(name);
    }
  }
  // Old exports list their weights as inputs, too.
  graph.inputs = graph.inputs.filter(({ name }) => !constants.has(name));
}

async function nameOf(bytes: Bytes, start: number, end: number): Promise<string | null> {
  for await (const field of fieldsOf(bytes, start, end)) {
    if (field.number === TENSOR_NAME && field.kind === 'bytes') {
      return (await bytes.read(field.start, field.end)).toString('utf8');
    }
  }
  return null;
}

function nodeOf(message: Buffer): GraphNode {
  const node = { op: '', name: '', inputs: [] as string[], outputs: [] as string[] };
  for (const { number, content } of parts(message)) {
    const text = content.toString('utf8');
    if (number === NODE.op) node.op = text;
    else if (number === NODE.name) node.name = text;
    else if (number === NODE.input) node.inputs.push(text);
    else if (number === NODE.output) node.outputs.push(text);
  }
  return node;
}

/** ValueInfoProto: its type is a tensor with an element type and a shape of named or fixed dimensions. */
function graphValueOf(message: Buffer): GraphValue {
  const all = parts(message);
  const name = all.find(({ number }) => number === VALUE.name)?.content.toString('utf8') ?? '';
  const type = all.find(({ number }) => number === VALUE.type)?.content ?? Buffer.alloc(0);
  const tensor = parts(parts(type)[0]?.content ?? Buffer.alloc(0));
  const shape = tensor.find(({ number }) => number === 2)?.content ?? Buffer.alloc(0);
  const dims = parts(shape).map(({ content }) => {
    const [dim] = parts(content);
    if (dim === undefined) return -1;
    return dim.number === 1 ? dim.value : dim.content.toString('utf8') || -1;
  });
  const element = tensor.find(({ number }) => number === 1)?.value ?? 0;
  return { name, type: elementTypes[element] ?? 'other', dims };
}

interface Part {
  number: number;
  value: number;
  content: Buffer;
}

/** The fields of a small message in memory. */
function parts(message: Buffer): Part[] {
  const found: Part[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = varint(message, at);
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (wire === 0) {
      const { value, next } = varint(message, at);
      found.push({ number, value, content: Buffer.alloc(0) });
      at = next;
    } else if (wire === 2) {
      const { value: length, next } = varint(message, at);
      if (next + length > message.length) throw new RangeError('A field is longer than its message.');
      found.push({ number, value: 0, content: message.subarray(next, next + length) });
      at = next + length;
    } else at += fixedLength(wire);
  }
  return found;
}

interface Field {
  number: number;
  kind: 'bytes' | 'other';
  start: number;
  end: number;
}

/** The fields of a message in the file; what they contain is read only if somebody asks. */
async function* fieldsOf(bytes: Bytes, start: number, end: number): AsyncGenerator<Field> {
  let at = start;
  while (at < end) {
    const head = await bytes.read(at, Math.min(end, at + 20));
    const tag = varint(head, 0);
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (number === 0) throw new RangeError('A field has no number.');
    if (wire === 2) {
      const { value: length, next } = varint(head, tag.next);
      const from = at + next;
      if (from + length > end) throw new RangeError('A field is longer than its message.');
      yield { number, kind: 'bytes', start: from, end: from + length };
      at = from + length;
    } else {
      const next = wire === 0 ? varint(head, tag.next).next : tag.next + fixedLength(wire);
      yield { number, kind: 'other', start: at, end: at + next };
      at += next;
    }
  }
}

function fixedLength(wire: number): number {
  if (wire === 1) return 8;
  if (wire === 5) return 4;
  throw new RangeError('A field has an unknown type.');
}

function varint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new RangeError('The file ends inside a number.');
    value += (byte % 128) * 2 ** (7 * index);
    if (byte < 128) return { value, next: at + index + 1 };
  }
  throw new RangeError('A number is too long.');
}

interface Bytes {
  /** @throws RangeError beyond the file, or for an absurd length */
  read(start: number, end: number): Promise<Buffer>;
}

/** Reads in chunks: most fields lie close together. */
function createBytes(file: FileHandle, size: number): Bytes {
  let chunk = Buffer.alloc(0);
  let from = 0;
  return {
    async read(start, end) {
      const length = end - start;
      if (length > MOST_FIELD || end > size) throw new RangeError('A field is too long.');
      if (start < from || end > from + chunk.length) {
        const fresh = Buffer.alloc(Math.max(CHUNK, length));
        const { bytesRead } = await file.read(fresh, 0, fresh.length, start);
        if (bytesRead < length) throw new RangeError('The file ends early.');
        chunk = fresh.subarray(0, bytesRead);
        from = start;
      }
      return Buffer.from(chunk.subarray(start - from, end - from));
    },
  };
}
