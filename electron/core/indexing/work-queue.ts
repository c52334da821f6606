/**
 * The texts of prepared files on their way to the nodes. Batches span files. What a node could not embed comes back and
 * is handed out first, so that nothing is lost or done twice.
 */
import type { PreparedFile } from '../ports/vectors.ts';
import { createChanges } from '../runtime/changes.ts';

/** A prepared file that is waiting for its vectors, which arrive in any order. */
export interface OpenFile {
  prepared: PreparedFile;
  sizeBytes: number;
  vectors: (Float32Array | null)[];
  missing: number;
  /** Vectors that were made on a CPU because no GPU was available. */
  fallback: number;
  /** It failed: its remaining texts are not worth a request. */
  dropped: boolean;
}

export interface QueuedText {
  file: OpenFile;
  ordinal: number;
  text: string;
}

export interface Batch {
  texts: QueuedText[];
  /** How often a server failed on it, not counting nodes that dropped out. */
  attempts: number;
}

export interface WorkQueue {
  add(file: OpenFile): void;
  /** No more files will come: a last batch may be smaller. */
  close(): void;
  /** The next batch; waits for a full one while more files are coming. */
  take(max: number, signal: AbortSignal): Promise<Batch>;
  giveBack(batch: Batch): void;
  /** Resolves when fewer than `limit` texts are waiting. */
  room(limit: number, signal: AbortSignal): Promise<void>;
  /** Texts that are waiting, not counting those handed out. */
  readonly waiting: number;
}

export function openFile(prepared: PreparedFile, sizeBytes: number): OpenFile {
  return {
    prepared,
    sizeBytes,
    vectors: prepared.chunks.map(() => null),
    missing: prepared.chunks.length,
    fallback: 0,
    dropped: false,
  };
}

/** Bytes of the file whose vectors are there, assuming that its texts are equally long. */
export function embeddedBytes({ vectors, missing, sizeBytes }: OpenFile): number {
  return vectors.length === 0 ? 0 : (sizeBytes * (vectors.length - missing)) / vectors.length;
}

/**
 * Adds the vector of one text; true if it was the last one that the file was waiting for. A second vector for the same
 * text does not count, and neither does one for a file that failed.
 */
export function takeVector(
  { file, ordinal }: Pick<QueuedText, 'file' | 'ordinal'>,
  vector: Float32Array,
  fallback: boolean,
): boolean {
  if (file.dropped || file.vectors[ordinal] !== null) return false;
  file.vectors[ordinal] = vector;
  file.missing -= 1;
  if (fallback) file.fallback += 1;
  return file.missing === 0;
}

/** @param onWaiting called when the number of texts that wait may have changed; those that came back count */
export function createWorkQueue(onWaiting: (texts: number) => void = () => {}): WorkQueue {
  const changes = createChanges();
  const returned: Batch[] = [];
  let fresh: QueuedText[] = [];
  let head = 0;
  let closed = false;

  const waiting = () => fresh.length - head;
  const report = () => onWaiting(waiting() + returned.reduce((sum, { texts }) => sum + texts.length, 0));

  function takeFresh(max: number): QueuedText[] {
    const texts: QueuedText[] = [];
    while (texts.length < max && head < fresh.length) {
      const text = fresh[head++];
      if (text && !text.file.dropped) texts.push(text);
    }
    if (head > 4096 || head === fresh.length) {
      fresh = fresh.slice(head);
      head = 0;
    }
    return texts;
  }

  function next(max: number): Batch | null {
    for (let batch = returned.shift(); batch; batch = returned.shift()) {
      const texts = batch.texts.filter((text) => !text.file.dropped);
      if (texts.length > 0) return { ...batch, texts };
    }
    while (waiting() > 0 && (waiting() >= max || closed)) {
      const texts = takeFresh(max);
      changes.notify();
      if (texts.length > 0) return { texts, attempts: 0 };
    }
    return null;
  }

  return {
    add(file) {
      for (const [ordinal, chunk] of file.prepared.chunks.entries()) {
        fresh.push({ file, ordinal, text: embeddedText(chunk) });
      }
      report();
      changes.notify();
    },
    close() {
      closed = true;
      changes.notify();
    },
    async take(max, signal) {
      for (;;) {
        signal.throwIfAborted();
        const batch = next(max);
        if (batch) {
          report();
          return batch;
        }
        await changes.wait(signal);
      }
    },
    giveBack(batch) {
      returned.push(batch);
      report();
      changes.notify();
    },
    async room(limit, signal) {
      signal.throwIfAborted();
      while (waiting() >= limit) await changes.wait(signal);
    },
    get waiting() {
      return waiting();
    },
  };
}

/** The text that is embedded for a chunk; its headings tell what a short text is about. */
export function embeddedText(chunk: { heading: string; text: string }): string {
  return chunk.heading === '' ? chunk.text : `${chunk.heading}\n\n${chunk.text}`;
}
