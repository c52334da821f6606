/** The nearest vectors of one index, from the matrix in memory, or from disk if that is too large. */
import { createBest, createMatrix, type Matrix, matrixBytesPerVector } from './matrix.ts';
import { createMatrixCopy, type MatrixCopyOptions } from './matrix-copy.ts';
import { dot, normalised, toVector } from './vector-values.ts';

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
  /**
   * Brings the copy on the disk up to date if it has fallen behind. Resolves when it is, or cannot be; never rejects.
   */
  renewCopy(): Promise<void>;
  /** Frees the memory. */
  release(): void;
  /** Frees the memory, and ends what runs. */
  close(): void;
  /** Bytes that the vectors use in memory now. */
  bytes(): number;
  /** How the last search was answered. */
  mode(): 'wasm' | 'javascript' | 'disk' | 'none';
}

interface Loading {
  matrix: Matrix;
  done: Promise<Matrix | null>;
}

/** Minimum number of 8-bit candidates, so that their rounding loses no neighbour. */
const CANDIDATES = 100;
const LOAD_ROWS = 2000;

export interface NearestOptions extends MatrixCopyOptions {
  dimensions: number;
  maxBytes: number;
  /** Lets other calls run. */
  pause: () => Promise<void>;
  /** Reports missing vectors, and the chunks whose vectors are unusable. The others are searched. */
  onDamaged?: (chunkIds: ReadonlySet<number>) => void;
}

export function createNearestVectors(options: NearestOptions): NearestVectors {
  const { database, dimensions, pause, onDamaged = () => {} } = options;
  const selectPage = database.prepare(
    'SELECT chunk_id, vector FROM vectors WHERE chunk_id > ? ORDER BY chunk_id LIMIT ?',
  );
  const selectVector = database.prepare('SELECT vector FROM vectors WHERE chunk_id = ?');
  // Counting the vectors themselves would read them all.
  const countVectors = database.prepare('SELECT coalesce(sum(chunk_count), 0) AS vectors FROM files');
  const vectorCount = () => Number(countVectors.get()?.vectors ?? 0);
  const maxVectors = Math.floor(options.maxBytes / matrixBytesPerVector(dimensions));
  const copy = createMatrixCopy({ ...options, count: vectorCount });

  let matrix: Matrix | null = null;
  let loading: Loading | null = null;
  let lastMode: ReturnType<NearestVectors['mode']> = 'none';
  let isSearched = false;

  /**
   * Reads pages of vectors in order of their ids; vectors committed meanwhile come last.
   * @param onEnd called in the same turn as the last visit, with the number of vectors that were visited or unusable
   */
  async function eachPage(
    from: number,
    visit: (id: number, vector: Float32Array) => void,
    goOn: () => boolean,
    onEnd: (unusable: ReadonlySet<number>, seen: number) => void,
  ): Promise<void> {
    let after = from;
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
      if (page.length < LOAD_ROWS) return onEnd(unusable, seen);
      after = Number(page.at(-1)?.chunk_id);
      await pause();
    }
  }

  const reportGaps = (unusable: ReadonlySet<number>, seen: number) => {
    if (unusable.size > 0 || seen < vectorCount()) onDamaged(unusable);
  };

  function load(): Promise<Matrix | null> {
    if (loading !== null) return loading.done;
    const started: Loading = { matrix: createMatrix(dimensions), done: Promise.resolve(null) };
    loading = started;
    const isWanted = () => loading === started;
    started.done = (async () => {
      try {
        const isCopied = await copy.read(started.matrix, isWanted);
        if (!isWanted()) return null;
        if (!isCopied) started.matrix = createMatrix(dimensions);
        const made = started.matrix;
        await eachPage(
          made.lastId,
          (id, vector) => made.append(id, vector),
          () => isWanted() && made.size <= maxVectors,
          (unusable) => {
            if (made.size <= maxVectors) matrix = made;
            reportGaps(unusable, made.size + unusable.size);
          },
        );
        return matrix === made ? made : null;
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
      0,
      (id, vector) => {
        const score = dot(query, vector);
        if (score > best.threshold()) best.offer(id, score);
      },
      () => !signal.aborted,
      reportGaps,
    );
    signal.throwIfAborted();
    return best.sorted();
  }

  const fits = () => matrix !== null || vectorCount() <= maxVectors;

  function release(): void {
    matrix = null;
    loading = null;
    isSearched = false;
  }

  return {
    async find(query, count, signal) {
      const unit = normalised(query);
      if (count <= 0 || unit.every((value) => value === 0)) return [];
      isSearched = true;
      const wasLoaded = matrix !== null;
      const ready = fits() ? (matrix ?? (await load())) : null;
      if (ready !== null && !wasLoaded) void copy.renew(ready);
      signal.throwIfAborted();
      if (ready === null) {
        const found = await scanDisk(unit, count, signal);
        return found.filter((item) => item.score > 0);
      }
      lastMode = ready.kind;
      const weighed: ScoredId[] = [];
      const lost = new Set<number>();
      for (const { id } of ready.nearest(unit, Math.max(CANDIDATES, count * 2))) {
        const row = selectVector.get(id);
        const vector = row === undefined ? null : toVector(row.vector, dimensions);
        if (vector === null) {
          lost.add(id);
          continue;
        }
        const score = dot(unit, vector);
        if (score > 0) weighed.push({ id, score });
      }
      if (lost.size > 0) {
        for (const id of lost) ready.remove(id);
        onDamaged(lost);
      }
      weighed.sort((a, b) => b.score - a.score || a.id - b.id);
      return weighed.slice(0, count);
    },

    apply(removed, inserted, vectors) {
      copy.noteRemoved(removed);
      // One that is loading reads what is inserted at the end.
      for (const target of [matrix, loading?.matrix ?? null]) for (const id of removed) target?.remove(id);
      if (matrix === null) return;
      for (const [index, id] of inserted.entries()) {
        if (id <= matrix.lastId) {
          // Only a damaged table gives an id twice.
          release();
          return;
        }
        matrix.append(id, vectors[index] as Float32Array);
      }
      if (matrix.size > maxVectors) matrix = null;
    },

    async renewCopy() {
      if (!copy.isBehind() || !fits()) return;
      try {
        const ready = matrix ?? (await load());
        if (ready !== null) await copy.renew(ready);
      } catch {
        // A search that needs the vectors finds what is wrong with them, and reports it.
      }
      if (!isSearched) release();
    },

    release,
    close() {
      copy.close();
      release();
    },
    bytes: () => matrix?.bytes ?? 0,
    mode: () => lastMode,
  };
}
