/** The nearest vectors of one index, from the matrix in memory, or from disk if that is too large. */
import type { DatabaseSync } from 'node:sqlite';
import { createBest, createMatrix, type Matrix, matrixBytesPerVector } from './matrix.ts';

export interface ScoredId {
  id: number;
  /** Cosine similarity. */
  score: number;
}

export interface NearestVectors {
  /** The `count` nearest, best first; only vectors with a positive similarity. */
  find(query: Float32Array, count: number, signal: AbortSignal): Promise<ScoredId[]>;
  /** Called after each commit. Does nothing while no vectors are in memory. */
  apply(removed: readonly number[], inserted: readonly number[], vectors: readonly Float32Array[]): void;
  /** Frees the memory. */
  release(): void;
  /** Bytes that the vectors use in memory now. */
  bytes(): number;
  /** How the last search was answered. */
  mode(): 'wasm' | 'javascript' | 'disk' | 'none';
}

/** Minimum number of 8-bit candidates, so that their rounding loses no neighbour. */
const CANDIDATES = 100;
const LOAD_ROWS = 2000;

export function createNearestVectors(options: {
  database: DatabaseSync;
  dimensions: number;
  maxBytes: number;
  /** Lets other calls run. */
  pause: () => Promise<void>;
  /** Reports missing vectors, and the chunks whose vectors are unusable. The others are searched. */
  onDamaged?: (chunkIds: ReadonlySet<number>) => void;
}): NearestVectors {
  const { database, dimensions, pause, onDamaged = () => {} } = options;
  const selectPage = database.prepare(
    'SELECT chunk_id, vector FROM vectors WHERE chunk_id > ? ORDER BY chunk_id LIMIT ?',
  );
  const selectVector = database.prepare('SELECT vector FROM vectors WHERE chunk_id = ?');
  // Counting the vectors themselves would read them all.
  const countVectors = database.prepare('SELECT coalesce(sum(chunk_count), 0) AS vectors FROM files');
  const maxVectors = Math.floor(options.maxBytes / matrixBytesPerVector(dimensions));

  let matrix: Matrix | null = null;
  let loading: { matrix: Matrix; done: Promise<Matrix | null> } | null = null;
  let lastMode: ReturnType<NearestVectors['mode']> = 'none';

  /** Reads pages of vectors in order of their ids; vectors committed meanwhile come last. */
  async function eachPage(
    visit: (id: number, vector: Float32Array) => void,
    goOn: () => boolean,
  ): Promise<void> {
    let after = 0;
    let seen = 0;
    const unusable = new Set<number>();
    while (goOn()) {
      const page = selectPage.all(after, LOAD_ROWS);
      for (const row of page) {
        const vector = toVector(row.vector, dimensions);
        if (vector === null) unusable.add(Number(row.chunk_id));
        else visit(Number(row.chunk_id), vector);
      }
      seen += page.length;
      if (page.length < LOAD_ROWS) {
        if (unusable.size > 0 || seen < Number(countVectors.get()?.vectors ?? 0)) onDamaged(unusable);
        return;
      }
      after = Number(page.at(-1)?.chunk_id);
      await pause();
    }
  }

  function load(): Promise<Matrix | null> {
    if (loading !== null) return loading.done;
    const made = createMatrix(dimensions);
    const started = { matrix: made, done: Promise.resolve<Matrix | null>(null) };
    loading = started;
    started.done = (async () => {
      try {
        await eachPage(
          (id, vector) => made.set(id, vector),
          () => loading === started && made.size <= maxVectors,
        );
        if (loading !== started || made.size > maxVectors) return null;
        matrix = made;
        return made;
      } finally {
        if (loading === started) loading = null;
      }
    })();
    return started.done;
  }

  async function scanDisk(query: Float32Array, count: number, signal: AbortSignal): Promise<ScoredId[]> {
    lastMode = 'disk';
    const best = createBest(count);
    await eachPage(
      (id, vector) => {
        const score = dot(query, vector);
        if (score > best.threshold()) best.offer(id, score);
      },
      () => !signal.aborted,
    );
    signal.throwIfAborted();
    return best.sorted();
  }

  return {
    async find(query, count, signal) {
      const unit = normalised(query);
      if (count <= 0 || unit.every((value) => value === 0)) return [];
      const fits = matrix !== null || Number(countVectors.get()?.vectors ?? 0) <= maxVectors;
      const ready = fits ? (matrix ?? (await load())) : null;
      signal.throwIfAborted();
      if (ready === null) {
        const found = await scanDisk(unit, count, signal);
        return found.filter((item) => item.score > 0);
      }
      lastMode = ready.kind;
      const weighed: ScoredId[] = [];
      for (const { id } of ready.nearest(unit, Math.max(CANDIDATES, count * 2))) {
        const row = selectVector.get(id);
        const vector = row === undefined ? null : toVector(row.vector, dimensions);
        if (vector === null) continue;
        const score = dot(unit, vector);
        if (score > 0) weighed.push({ id, score });
      }
      weighed.sort((a, b) => b.score - a.score || a.id - b.id);
      return weighed.slice(0, count);
    },

    apply(removed, inserted, vectors) {
      // A matrix that is still loading is updated too; rows that it then reads from the table replace the same values.
      for (const target of [matrix, loading?.matrix ?? null]) {
        if (target === null) continue;
        for (const id of removed) target.remove(id);
        for (const [index, id] of inserted.entries()) target.set(id, vectors[index] as Float32Array);
      }
      if (matrix !== null && matrix.size > maxVectors) matrix = null;
    },

    release() {
      matrix = null;
      loading = null;
    },
    bytes: () => matrix?.bytes ?? 0,
    mode: () => lastMode,
  };
}

/** How far the length of a stored vector may be from 1. */
const LENGTH_TOLERANCE = 0.01;

/** A stored vector; null if it is invalid: another length, or numbers that no unit vector has. */
function toVector(stored: unknown, dimensions: number): Float32Array | null {
  if (!(stored instanceof Uint8Array) || stored.byteLength !== dimensions * 4) return null;
  const vector = toFloats(stored);
  let squares = 0;
  for (const value of vector) squares += value * value;
  return squares === 0 || Math.abs(squares - 1) < LENGTH_TOLERANCE ? vector : null;
}

/** The floats of a stored vector; copied only if it is not aligned. */
function toFloats(bytes: Uint8Array): Float32Array {
  if (bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
  }
  return new Float32Array(bytes.slice().buffer);
}

export function normalised(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) return vector.slice();
  const scale = 1 / Math.sqrt(squares);
  return vector.map((value) => value * scale);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
