/** What an index of a folder would take, from its names and sizes and a sample of its files. Nothing is kept. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { OwnFolders } from '../../adapters/own-folders.ts';
import { chunkText } from '../../core/indexing/chunk.ts';
import { recognise } from '../../core/indexing/recognise-file.ts';
import type { FolderEstimate } from '../../core/ports/vectors.ts';
import { type WalkedFile, walkFolder } from './walk.ts';

const MOST_FILES = 200_000;
const MOST_MS = 15_000;
const SAMPLES = 48;
const SAMPLE_BYTES = 64 * 1024;

export interface EstimateOptions {
  root: string;
  own: OwnFolders;
  ignoreFiles: boolean;
  patterns: readonly string[];
  maxFileBytes: number;
  chunkTokens: number;
  signal: AbortSignal;
  monotonic(): number;
}

export async function estimateFolder(options: EstimateOptions): Promise<FolderEstimate> {
  const { root, own, ignoreFiles, patterns, signal, monotonic } = options;
  const deadline = monotonic() + MOST_MS;
  const walk = await walkFolder({
    ...{ root, own, ignoreFiles, patterns, signal },
    onSeen() {},
    isEnough: (seen) => seen >= MOST_FILES || monotonic() > deadline,
  });
  const files = walk.files.filter(({ size }) => size > 0 && size <= options.maxFileBytes);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const sample = await sampleOf(files, options);
  const share = sample.files === 0 ? 0 : sample.texts / sample.files;
  const texts = Math.round(files.length * share);
  const perByte = sample.bytes === 0 ? 0 : sample.passages / sample.bytes;
  return {
    files: texts,
    bytes,
    passages: Math.max(texts, Math.round(bytes * perByte)),
    isComplete: !walk.isCut,
  };
}

/** Files at even distances, because neighbours are often alike. */
async function sampleOf(files: readonly WalkedFile[], { root, chunkTokens, signal }: EstimateOptions) {
  const found = { files: 0, texts: 0, bytes: 0, passages: 0 };
  const step = Math.max(1, files.length / SAMPLES);
  for (let at = 0; at < files.length; at += step) {
    signal.throwIfAborted();
    const file = files[Math.floor(at)];
    if (file === undefined) break;
    const bytes = await firstBytes(join(root, ...file.path.split('/')));
    if (bytes === null) continue;
    found.files += 1;
    found.bytes += bytes.length;
    const passages = passagesIn(bytes, file.path, chunkTokens);
    if (passages === null) continue;
    found.texts += 1;
    found.passages += passages;
  }
  return found;
}

/** null if it is no text. */
function passagesIn(bytes: Uint8Array, path: string, maxTokens: number): number | null {
  const read = recognise(bytes, path);
  if (!read.ok) return null;
  return chunkText({
    text: read.text,
    kind: read.kind,
    maxTokens,
    startByteAt: (index) => index,
    endByteAt: (index) => index,
  }).length;
}

async function firstBytes(path: string): Promise<Uint8Array | null> {
  try {
    // A pipe may have replaced the file: without NONBLOCK, opening it would not end.
    await using handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    if (!(await handle.stat()).isFile()) return null;
    const buffer = new Uint8Array(SAMPLE_BYTES);
    const { bytesRead } = await handle.read(buffer, 0, SAMPLE_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return null;
  }
}
