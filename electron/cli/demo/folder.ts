/** What indexing a folder should yield, worked out without the index by reading and cutting each file again. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { type CutFile, cutFile } from '../../core/indexing/cut.ts';

export interface CutFolderFile {
  /** Relative, with `/`. */
  path: string;
  chunks: number;
  cut(bytes: Uint8Array): CutFile;
}

/** The text files, in order. */
export function cutFolder(folder: string): CutFolderFile[] {
  const { chunkTokens } = defaultSettings.index;
  const files: CutFolderFile[] = [];
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(folder, path);
    if (!statSync(file).isFile()) continue;
    const relative = path.split(sep).join('/');
    const cut = (bytes: Uint8Array) => cutFile(bytes, relative, chunkTokens);
    const found = cut(readFileSync(file));
    if (found.ok) files.push({ path: relative, chunks: found.chunks.length, cut });
  }
  return files;
}
