/**
 * Scores blocks of int8 rows against one query: score = (row · query) × scale of the row. Uses WebAssembly with SIMD if
 * the engine has it, otherwise plain JavaScript, with the same results.
 */
import { assembleModule, op } from '../wasm-assembler.ts';

/** Rows of one block. */
export const BLOCK_ROWS = 4096;

export interface Block {
  /** Everything below, in this order, little-endian: what a copy on the disk has. */
  bytes: Uint8Array;
  /** Of the caller; not used by the kernel. */
  ids: Float64Array;
  scales: Float32Array;
  /** BLOCK_ROWS × stride. */
  rows: Int8Array;
}

export interface Scorer {
  readonly kind: 'wasm' | 'javascript';
  /** Bytes of a row; a multiple of 16. Bytes past the dimensions are zero. */
  readonly stride: number;
  readonly bytes: number;
  /** Valid until `reserve` is called. */
  blocks(): readonly Block[];
  /** Makes room for at least this many blocks. */
  reserve(blocks: number): void;
  /**
   * The scores of the first `rows` rows of a block, valid until the next call. `query` has `stride` values.
   */
  score(block: number, rows: number, query: Int16Array): Float32Array;
}

export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / 16) * 16;
}

const ID_BYTES = 8;
const SCALE_BYTES = 4;
/** Of a row with its id and its scale. */
export const rowBytes = (stride: number) => ID_BYTES + SCALE_BYTES + stride;
/** A multiple of 16, so that each block of a memory begins at one. */
export const blockBytes = (stride: number) => BLOCK_ROWS * rowBytes(stride);
const SCALES_AT = BLOCK_ROWS * ID_BYTES;
const ROWS_AT = SCALES_AT + BLOCK_ROWS * SCALE_BYTES;

function blockIn(buffer: ArrayBuffer, start: number, stride: number): Block {
  return {
    bytes: new Uint8Array(buffer, start, blockBytes(stride)),
    ids: new Float64Array(buffer, start, BLOCK_ROWS),
    scales: new Float32Array(buffer, start + SCALES_AT, BLOCK_ROWS),
    rows: new Int8Array(buffer, start + ROWS_AT, BLOCK_ROWS * stride),
  };
}

const QUERY = 0;
const ROW = 1;
const LAST_ROW = 2;
const SCALES = 3;
const SCORES = 4;
const STRIDE = 5;
const SUM = 6;
const ROW_END = 7;
const QUERY_AT = 8;

/** (query, rows, end of rows, scales, scores, stride); all except the stride are addresses. */
export function assembleDotKernel(): Uint8Array<ArrayBuffer> {
  const eight = (offset: number) => [
    op.localGet(SUM),
    op.localGet(ROW),
    op.v128Load8x8Signed(offset),
    op.localGet(QUERY_AT),
    op.v128Load(offset * 2),
    op.i32x4DotI16x8(),
    op.i32x4Add(),
    op.localSet(SUM),
  ];
  const advance = (local: number, by: number) => [
    op.localGet(local),
    op.i32Const(by),
    op.i32Add(),
    op.localSet(local),
  ];
  const lane = (index: number) => [op.localGet(SUM), op.i32x4ExtractLane(index)];
  return assembleModule({
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    locals: ['v128', 'i32', 'i32'],
    body: [
      op.loopVoid(),
      // one row
      op.v128Zero(),
      op.localSet(SUM),
      op.localGet(QUERY),
      op.localSet(QUERY_AT),
      op.localGet(ROW),
      op.localGet(STRIDE),
      op.i32Add(),
      op.localSet(ROW_END),
      op.loopVoid(),
      // sixteen dimensions
      ...eight(0),
      ...eight(8),
      ...advance(QUERY_AT, 32),
      ...advance(ROW, 16),
      op.localGet(ROW),
      op.localGet(ROW_END),
      op.i32LessUnsigned(),
      op.branchIf(0),
      op.end(),
      op.localGet(SCORES),
      ...lane(0),
      ...lane(1),
      op.i32Add(),
      ...lane(2),
      op.i32Add(),
      ...lane(3),
      op.i32Add(),
      op.f32FromI32(),
      op.localGet(SCALES),
      op.f32Load(),
      op.f32Multiply(),
      op.f32Store(),
      ...advance(SCORES, 4),
      ...advance(SCALES, 4),
      op.localGet(ROW),
      op.localGet(LAST_ROW),
      op.i32LessUnsigned(),
      op.branchIf(0),
      op.end(),
    ],
  });
}

type Run = (
  query: number,
  rows: number,
  rowsEnd: number,
  scales: number,
  scores: number,
  stride: number,
) => void;

const PAGE = 65_536;
let compiled: WebAssembly.Module | null | undefined;

function kernelModule(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled;
  const bytes = assembleDotKernel();
  compiled =
    typeof WebAssembly === 'object' && WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  return compiled;
}

/** The fastest scorer of this engine. */
export function createScorer(stride: number): Scorer {
  const module = kernelModule();
  return module === null ? createPlainScorer(stride) : createWasmScorer(stride, module);
}

function createWasmScorer(stride: number, module: WebAssembly.Module): Scorer {
  const scoresAt = Math.ceil((stride * 2) / 16) * 16;
  const firstBlockAt = scoresAt + BLOCK_ROWS * 4;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(firstBlockAt / PAGE) });
  const instance = new WebAssembly.Instance(module, { world: { memory } });
  const run = instance.exports.run as Run;
  let blocks: Block[] = [];
  let query = new Int16Array(memory.buffer, 0, stride);
  let scores = new Float32Array(memory.buffer, scoresAt, BLOCK_ROWS);
  const startOf = (block: number) => firstBlockAt + block * blockBytes(stride);

  return {
    kind: 'wasm',
    stride,
    get bytes() {
      return memory.buffer.byteLength;
    },
    blocks: () => blocks,
    reserve(count) {
      if (count <= blocks.length) return;
      const pages = Math.ceil(startOf(count) / PAGE) - memory.buffer.byteLength / PAGE;
      if (pages > 0) memory.grow(pages);
      // Growing the memory detaches every view.
      query = new Int16Array(memory.buffer, 0, stride);
      scores = new Float32Array(memory.buffer, scoresAt, BLOCK_ROWS);
      blocks = Array.from({ length: count }, (_, block) => blockIn(memory.buffer, startOf(block), stride));
    },
    score(block, rows, values) {
      if (rows > 0) {
        query.set(values);
        const start = startOf(block);
        const first = start + ROWS_AT;
        run(0, first, first + rows * stride, start + SCALES_AT, scoresAt, stride);
      }
      return scores;
    },
  };
}

export function createPlainScorer(stride: number): Scorer {
  const blocks: Block[] = [];
  const scores = new Float32Array(BLOCK_ROWS);
  return {
    kind: 'javascript',
    stride,
    get bytes() {
      return blocks.length * blockBytes(stride);
    },
    blocks: () => blocks,
    reserve(count) {
      while (blocks.length < count) blocks.push(blockIn(new ArrayBuffer(blockBytes(stride)), 0, stride));
    },
    score(block, rows, query) {
      const { rows: values, scales } = blocks[block] as Block;
      for (let row = 0; row < rows; row += 1) {
        const start = row * stride;
        let sum = 0;
        for (let i = 0; i < stride; i += 1) {
          sum = (sum + Math.imul(values[start + i] as number, query[i] as number)) | 0;
        }
        scores[row] = Math.fround(Math.fround(sum) * (scales[row] as number));
      }
      return scores;
    },
  };
}
