/**
 * The vectors of one index in memory, 8 bits per dimension with a scale for each vector. A search selects candidates
 * with these and scores them again in float32 from the disk: see docs/decisions/0002-vector-search.md.
 */
import { BLOCK_ROWS, type Block, createScorer, type Scorer, strideOf } from './dot-kernel.ts';

/**
 * With 12 bits for the query, the sum of a row stays below 2^31 up to 8,192 dimensions (127 × 2,047 × 8,192); beyond
 * that, Cauchy's inequality keeps it there for every vector that is not all extremes.
 */
const QUERY_LEVELS = 2047;
const ROW_LEVELS = 127;

export interface Matrix {
  readonly size: number;
  /** Bytes used by the vectors; the ids take about 60 more per vector. */
  readonly bytes: number;
  readonly kind: Scorer['kind'];
  has(id: number): boolean;
  /** `vector` has length 1 or 0. An existing id is replaced. */
  set(id: number, vector: Float32Array): void;
  remove(id: number): void;
  /** The ids with the highest scores, best first. */
  nearest(query: Float32Array, count: number): { id: number; score: number }[];
}

/** Bytes in memory for one vector. */
export function matrixBytesPerVector(dimensions: number): number {
  return strideOf(dimensions) + 8 + 60;
}

export function createMatrix(
  dimensions: number,
  makeScorer: (stride: number) => Scorer = createScorer,
): Matrix {
  const scorer = makeScorer(strideOf(dimensions));
  const { stride } = scorer;
  const ids: number[] = [];
  const rowOf = new Map<number, number>();
  const query = new Int16Array(stride);

  const blockAt = (row: number) => scorer.blocks()[Math.floor(row / BLOCK_ROWS)] as Block;

  function write(row: number, vector: Float32Array): void {
    const block = blockAt(row);
    const start = (row % BLOCK_ROWS) * stride;
    const most = largest(vector);
    const factor = most === 0 ? 0 : ROW_LEVELS / most;
    for (let i = 0; i < dimensions; i += 1) {
      block.rows[start + i] = Math.round((vector[i] as number) * factor);
    }
    block.scales[row % BLOCK_ROWS] = most / ROW_LEVELS;
  }

  function move(from: number, to: number): void {
    const [source, target] = [blockAt(from), blockAt(to)];
    const start = (from % BLOCK_ROWS) * stride;
    target.rows.set(source.rows.subarray(start, start + stride), (to % BLOCK_ROWS) * stride);
    target.scales[to % BLOCK_ROWS] = source.scales[from % BLOCK_ROWS] as number;
  }

  return {
    get size() {
      return ids.length;
    },
    get bytes() {
      return scorer.bytes;
    },
    kind: scorer.kind,
    has: (id) => rowOf.has(id),

    set(id, vector) {
      let row = rowOf.get(id);
      if (row === undefined) {
        row = ids.length;
        if (row === scorer.blocks().length * BLOCK_ROWS) scorer.addBlock();
        ids.push(id);
        rowOf.set(id, row);
      }
      write(row, vector);
    },

    remove(id) {
      const row = rowOf.get(id);
      if (row === undefined) return;
      const last = ids.length - 1;
      const moved = ids[last] as number;
      if (row !== last) {
        move(last, row);
        ids[row] = moved;
        rowOf.set(moved, row);
      }
      ids.pop();
      rowOf.delete(id);
    },

    nearest(vector, count) {
      const most = largest(vector);
      if (most === 0 || count <= 0) return [];
      const factor = QUERY_LEVELS / most;
      for (let i = 0; i < dimensions; i += 1) query[i] = Math.round((vector[i] as number) * factor);
      const best = createBest(count);
      for (const [number, block] of scorer.blocks().entries()) {
        const first = number * BLOCK_ROWS;
        const rows = Math.min(BLOCK_ROWS, ids.length - first);
        if (rows <= 0) break;
        scorer.score(number, rows, query);
        const { scores } = block;
        for (let row = 0; row < rows; row += 1) {
          const score = scores[row] as number;
          if (score > best.threshold()) best.offer(ids[first + row] as number, score);
        }
      }
      return best.sorted().map(({ id, score }) => ({ id, score: score / factor }));
    },
  };
}

function largest(vector: Float32Array): number {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  return most;
}

/** Keeps the `count` best candidates in a heap with the worst on top. */
export function createBest(count: number) {
  const heap: { id: number; score: number }[] = [];
  let threshold = Number.NEGATIVE_INFINITY;

  function sink(): void {
    let at = 0;
    for (;;) {
      let worst = at;
      for (const child of [at * 2 + 1, at * 2 + 2]) {
        if (child < heap.length && scoreAt(child) < scoreAt(worst)) worst = child;
      }
      if (worst === at) return;
      swap(at, worst);
      at = worst;
    }
  }
  function rise(): void {
    let at = heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (scoreAt(parent) <= scoreAt(at)) return;
      swap(at, parent);
      at = parent;
    }
  }
  const scoreAt = (at: number) => (heap[at] as { score: number }).score;
  function swap(a: number, b: number): void {
    const held = heap[a] as { id: number; score: number };
    heap[a] = heap[b] as { id: number; score: number };
    heap[b] = held;
  }

  return {
    /** Candidates with a lower score need not be offered. */
    threshold: () => threshold,
    offer(id: number, score: number): void {
      if (heap.length < count) {
        heap.push({ id, score });
        rise();
      } else {
        if (score <= scoreAt(0)) return;
        heap[0] = { id, score };
        sink();
      }
      if (heap.length === count) threshold = scoreAt(0);
    },
    /** Best first; equal scores by id. */
    sorted: () => [...heap].sort((a, b) => b.score - a.score || a.id - b.id),
  };
}
