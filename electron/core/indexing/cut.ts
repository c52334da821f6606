/** From the bytes of a file to its chunks: recognise it, extract the text, cut it. Pure. */
import type { Chunk } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import { chunkText } from './chunk.ts';
import { createByteAt } from './encoding.ts';
import { extractHtml } from './html.ts';
import { type NotText, recognise } from './recognise-file.ts';

/** Raise it when the same file would be cut differently than before: every file is then cut again. */
export const CUT_VERSION = 1;

export type CutFile = { ok: true; language: string; chunks: Chunk[] } | NotText;

/**
 * @param bytes the whole file
 * @param path relative, with `/`
 * @param maxTokens maximum tokens of a chunk, estimated
 */
export function cutFile(bytes: Uint8Array, path: string, maxTokens: number): CutFile {
  const file = recognise(bytes, path);
  if (!file.ok) return file;
  const byteAt = createByteAt(file.text, file.encoding, file.bomBytes);
  if (file.kind !== 'html') {
    const chunks = chunkText({
      text: file.text,
      kind: file.kind,
      maxTokens,
      startByteAt: byteAt,
      endByteAt: byteAt,
    });
    return { ok: true, language: file.language, chunks };
  }
  const html = extractHtml(file.text);
  const chunks = chunkText({
    text: html.text,
    kind: 'html',
    maxTokens,
    headings: html.headings,
    startByteAt: (index) => byteAt(html.sourceStart(index)),
    endByteAt: (index) => byteAt(html.sourceEnd(index)),
  });
  if (chunks.length === 0) {
    return { ok: false, code: 'FILE_EMPTY', reason: fact('PAGE_HAS_NO_TEXT') };
  }
  return { ok: true, language: file.language, chunks };
}
