/**
 * The vectors of one index in memory, 8 bits per dimension with a scale for each vector. A search selects candidates
 * with these and scores them again in float32 from the disk: see docs/decisions/0002-vector-search.md.
 */
import { BLOCK_ROWS, type Block, createScorer, rowBytes, type Scorer, strideOf } from './dot-kernel.ts';

/**
 * With 12 bits for the query, the sum of a row stays below 2^31 up to 8,192 dimensions (127 × 2,047 × 8,192); beyond
 * that, Cauchy's inequality keeps it there for every vector that is not all extremes.
 */
const QUERY_LEVELS = 2047;
const ROW_LEVELS = 127;

export interface Matrix {
  /** Vectors that can be found. */
  readonly size: number;
  /** Rows, including those of removed vectors. */
  readonly rows: number;
  readonly bytes: number;
  readonly kind: Scorer['kind'];
  readonly stride: number;
  /** The highest id that was ever added; 0 without one. */
  readonly lastId: number;
  /** Changes when rows get other places. */
  readonly layout: number;
  /** `vector` has length 1 or 0. @throws RangeError if the id is not higher than all before */
  append(id: number, vector: Float32Array): void;
  remove(id: number): void;
  /** The ids with the highest scores, best first. */
  nearest(query: Float32Array, count: number): { id: number; score: number }[];
  /** The blocks with this many rows, to be copied, or to be filled while the matrix is empty; see `adopt`. */
  blocksFor(rows: number): readonly Block[];
  /** The blocks have been filled with this many rows. */
  adopt(rows: number): void;
}

/** Bytes in memory for one vector. */
export function matrixBytesPerVector(dimensions: number): number {
  return rowBytes(strideOf(dimensions));
}

/** Rows stay in the order of their ids. The id of a removed one is negative until its place is needed. */
export function createMatrix(
  dimensions: number,
  makeScorer: (stride: number) => Scorer = createScorer,
): Matrix {
  const scorer = makeScorer(strideOf(dimensions));
  const { stride } = scorer;
  const query = new Int16Array(stride);
  let rows = 0;
  let removed = 0;
  let lastId = 0;
  let layout = 0;

  const blockAt = (row: number) => scorer.blocks()[Math.floor(row / BLOCK_ROWS)] as Block;
  const idAt = (row: number) => blockAt(row).ids[row % BLOCK_ROWS] as number;

  /** The row of an id; null if it is not there or was removed. */
  function find(id: number): number | null {
    let low = 0;
    let high = rows - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = idAt(middle);
      if (Math.abs(found) === id) return found > 0 ? middle : null;
      if (Math.abs(found) < id) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }

  /** Gives the places of removed vectors to those after them. */
  function compact(): void {
    let to = 0;
    for (let from = 0; from < rows; from += 1) {
      if (idAt(from) < 0) continue;
      if (from !== to) {
        const [source, target] = [blockAt(from), blockAt(to)];
        const [a, b] = [from % BLOCK_ROWS, to % BLOCK_ROWS];
        target.rows.set(source.rows.subarray(a * stride, (a + 1) * stride), b * stride);
        target.scales[b] = source.scales[a] as number;
        target.ids[b] = source.ids[a] as number;
      }
      to += 1;
    }
    rows = to;
    removed = 0;
    layout += 1;
  }

  return {
    get size() {
      return rows - removed;
    },
    get rows() {
      return rows;
    },
    get bytes() {
      return scorer.bytes;
    },
    get lastId() {
      return lastId;
    },
    get layout() {
      return layout;
    },
    kind: scorer.kind,
    stride,

    append(id, vector) {
      if (id <= lastId) throw new RangeError('Ids only increase.');
      if (rows === scorer.blocks().length * BLOCK_ROWS) scorer.reserve(scorer.blocks().length + 1);
      const block = blockAt(rows);
      const row = rows % BLOCK_ROWS;
      const start = row * stride;
      const most = largest(vector);
      const factor = most === 0 ? 0 : ROW_LEVELS / most;
      for (let i = 0; i < dimensions; i += 1) {
        block.rows[start + i] = Math.round((vector[i] as number) * factor);
      }
      block.scales[row] = most / ROW_LEVELS;
      block.ids[row] = id;
      lastId = id;
      rows += 1;
    },

    remove(id) {
      const row = find(id);
      if (row === null) return;
      blockAt(row).ids[row % BLOCK_ROWS] = -id;
      removed += 1;
      if (removed > Math.max(BLOCK_ROWS, rows / 4)) compact();
    },

    nearest(vector, count) {
      const most = largest(vector);
      if (most === 0 || count <= 0) return [];
      const factor = QUERY_LEVELS / most;
      for (let i = 0; i < dimensions; i += 1) query[i] = Math.round((vector[i] as number) * factor);
      const best = createBest(count);
      let threshold = best.threshold();
      for (const [number, { ids }] of scorer.blocks().entries()) {
        const filled = Math.min(BLOCK_ROWS, rows - number * BLOCK_ROWS);
        if (filled <= 0) break;
        const scores = scorer.score(number, filled, query);
        for (let row = 0; row < filled; row += 1) {
          const score = scores[row] as number;
          if (score <= threshold) continue;
          const id = ids[row] as number;
          if (id < 0) continue;
          best.offer(id, score);
          threshold = best.threshold();
        }
      }
      return best.sorted().map(({ id, score }) => ({ id, score: score / factor }));
    },

    blocksFor(count) {
      scorer.reserve(Math.ceil(count / BLOCK_ROWS));
      return scorer.blocks();
    },

    adopt(count) {
      rows = count;
      removed = 0;
      for (let row = 0; row < rows; row += 1) if (idAt(row) < 0) removed += 1;
      lastId = rows === 0 ? 0 : Math.abs(idAt(rows - 1));
    },
  };
}

function largest(vector: Float32Array): number {
  let most = 0;
  for (let i = 0; i < vector.length; i += 1) most = Math.max(most, Math.abs(vector[i] as number));
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
