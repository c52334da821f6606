/**
 * A minimal assembler for one WebAssembly function that works on an imported memory. Opcodes and layout: WebAssembly
 * Core Specification 2.0, chapter 5 (binary format) and its SIMD instructions.
 */

export type ValueType = 'i32' | 'f32' | 'v128';

const TYPE_CODES: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128, for constants of 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const simd = (opcode: number, ...rest: number[]) => [0xfd, ...unsigned(opcode), ...rest];
/** Alignment as a power of two, then the constant offset. */
const at = (alignment: number, offset: number) => [...unsigned(alignment), ...unsigned(offset)];

export const op = {
  loopVoid: () => [0x03, 0x40],
  blockVoid: () => [0x02, 0x40],
  end: () => [0x0b],
  branch: (depth: number) => [0x0c, ...unsigned(depth)],
  branchIf: (depth: number) => [0x0d, ...unsigned(depth)],
  localGet: (index: number) => [0x20, ...unsigned(index)],
  localSet: (index: number) => [0x21, ...unsigned(index)],
  localTee: (index: number) => [0x22, ...unsigned(index)],
  i32Const: (value: number) => [0x41, ...signed(value)],
  i32Add: () => [0x6a],
  i32Eqz: () => [0x45],
  i32LessUnsigned: () => [0x49],
  f32Load: (offset = 0) => [0x2a, ...at(2, offset)],
  f32Store: (offset = 0) => [0x38, ...at(2, offset)],
  f32Multiply: () => [0x94],
  f32FromI32: () => [0xb2],
  v128Load: (offset = 0) => simd(0x00, ...at(4, offset)),
  /** From any address. */
  v128LoadUnaligned: (offset = 0) => simd(0x00, ...at(0, offset)),
  v128StoreUnaligned: (offset = 0) => simd(0x0b, ...at(0, offset)),
  /** Reads 8 bytes and widens each, with its sign, to 16 bits. */
  v128Load8x8Signed: (offset = 0) => simd(0x01, ...at(3, offset)),
  v128Zero: () => simd(0x0c, ...new Array<number>(16).fill(0)),
  /** Bytes of two vectors, by their numbers: those of the second begin at 16. */
  i8x16Shuffle: (bytes: readonly number[]) => simd(0x0d, ...bytes),
  f32x4Splat: () => simd(0x13),
  f32x4Subtract: () => simd(0xe5),
  f32x4Multiply: () => simd(0xe6),
  f32x4FromI32x4: () => simd(0xfa),
  /** Multiplies eight pairs of 16 bits and adds neighbours: four sums of 32 bits. */
  i32x4DotI16x8: () => simd(0xba),
  i32x4Add: () => simd(0xae),
  i32x4ExtractLane: (lane: number) => simd(0x1b, lane),
};

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const vector = (items: readonly number[][]) => [...unsigned(items.length), ...items.flat()];
const named = (text: string) => [...unsigned(text.length), ...ascii(text)];
const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];

/**
 * A module with one exported function `run` that returns nothing, and an imported memory `world.memory`.
 */
export function assembleModule(options: {
  parameters: readonly ValueType[];
  locals: readonly ValueType[];
  /** Without the final `end`. */
  body: readonly number[][];
}): Uint8Array<ArrayBuffer> {
  const parameterTypes = vector(options.parameters.map((type) => [TYPE_CODES[type]]));
  const localTypes = vector(options.locals.map((type) => [1, TYPE_CODES[type]]));
  const code = [...localTypes, ...options.body.flat(), ...op.end()];
  return new Uint8Array([
    0x00,
    ...ascii('asm'),
    ...[1, 0, 0, 0],
    ...section(1, vector([[0x60, ...parameterTypes, 0]])),
    ...section(2, vector([[...named('world'), ...named('memory'), 0x02, 0x00, 0x01]])),
    ...section(3, vector([[0]])),
    ...section(7, vector([[...named('run'), 0x00, 0x00]])),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
  ]);
}
