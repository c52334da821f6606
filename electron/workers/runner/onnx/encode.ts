/** Writes small ONNX graphs: the part of the protobuf format that they need, and no library. */

type Part = Uint8Array;

export type ElementType = 'float32' | 'int64' | 'int32' | 'bool' | 'float16';

const elementTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};
const attributeTypes = { float: 1, int: 2, ints: 7 } as const;

export interface ValueSpec {
  name: string;
  type: ElementType;
  /** A name for a dimension that may vary. */
  dims: readonly (number | string)[];
}

export interface ConstantSpec {
  name: string;
  type: ElementType;
  dims: readonly number[];
  data: Float32Array | BigInt64Array | Int32Array | Uint16Array;
  /** The file beside the graph that holds the numbers, in place of the graph itself. */
  external?: string;
}

export interface NodeSpec {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, number | readonly number[] | { float: number }>>;
}

export interface GraphSpec {
  inputs: readonly ValueSpec[];
  outputs: readonly ValueSpec[];
  constants?: readonly ConstantSpec[];
  nodes: readonly NodeSpec[];
  /** Default 17. */
  opset?: number;
}

function varint(value: number | bigint): Part {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function join(parts: readonly Part[]): Part {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const number = (field: number, value: number | bigint): Part => join([varint(field << 3), varint(value)]);
const bytes = (field: number, content: Part): Part =>
  join([varint((field << 3) | 2), varint(content.length), content]);
const text = (field: number, content: string): Part => bytes(field, new TextEncoder().encode(content));
const message = (field: number, parts: readonly Part[]): Part => bytes(field, join(parts));
const float = (field: number, value: number): Part =>
  join([varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]);

function value(field: number, { name, type, dims }: ValueSpec): Part {
  const shape = dims.map((dim) => message(1, [typeof dim === 'number' ? number(1, dim) : text(2, dim)]));
  const tensor = message(1, [number(1, elementTypes[type]), message(2, shape)]);
  return message(field, [text(1, name), message(2, [tensor])]);
}

function constant({ name, type, dims, data, external }: ConstantSpec): Part {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const content =
    external === undefined
      ? [bytes(9, raw)]
      : [message(13, [text(1, 'location'), text(2, external)]), number(14, 1)];
  return message(5, [
    ...dims.map((dim) => number(1, dim)),
    number(2, elementTypes[type]),
    text(8, name),
    ...content,
  ]);
}

function attribute(name: string, given: number | readonly number[] | { float: number }): Part {
  if (typeof given === 'number')
    return message(5, [text(1, name), number(3, given), number(20, attributeTypes.int)]);
  if ('float' in given)
    return message(5, [text(1, name), float(2, given.float), number(20, attributeTypes.float)]);
  return message(5, [text(1, name), ...given.map((one) => number(8, one)), number(20, attributeTypes.ints)]);
}

function node({ op, inputs, outputs, attributes = {} }: NodeSpec, index: number): Part {
  return message(1, [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `${outputs[0] ?? index}/${op}`),
    text(4, op),
    ...Object.entries(attributes).map(([name, given]) => attribute(name, given)),
  ]);
}

const graphParts = ({ inputs, outputs, constants = [], nodes }: Omit<GraphSpec, 'opset'>): Part[] => [
  ...nodes.map(node),
  ...constants.map(constant),
  ...inputs.map((one) => value(11, one)),
  ...outputs.map((one) => value(12, one)),
];

/** Bytes that add to a graph when they follow those of its model file: protobuf merges what comes twice. */
export const encodeAddition = (addition: Omit<GraphSpec, 'opset' | 'inputs'>): Uint8Array =>
  message(7, graphParts({ ...addition, inputs: [] }));

/** The bytes of a model file. */
export function encodeGraph({ opset = 17, ...spec }: GraphSpec): Uint8Array {
  const graph = message(7, [text(2, 'graph'), ...graphParts(spec)]);
  return join([number(1, 8), text(2, 'pilotlight'), graph, message(8, [number(2, opset)])]);
}
