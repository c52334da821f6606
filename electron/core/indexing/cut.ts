/** From the bytes of a file to its chunks: recognise it, extract the text, cut it. Pure. */
import type { Chunk } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { TextKind } from './blocks.ts';
import { chunkText } from './chunk.ts';
import { withoutData } from './encoded-data.ts';
import { createByteAt } from './encoding.ts';
import { extractHtml } from './html.ts';
import { jsonText, unicodeEscapes } from './json-text.ts';
import { chained, type MappedText, unchanged } from './mapped-text.ts';
import { notebookText } from './notebook.ts';
import { type NotText, type RecognisedText, recognise } from './recognise-file.ts';
import { xmlText } from './xml-text.ts';

/** Raise it when the same file would be cut differently than before: every file is then cut again. */
export const CUT_VERSION = 3;

export type CutFile = { ok: true; language: string; chunks: Chunk[] } | NotText;

/**
 * @param bytes the whole file
 * @param path relative, with `/`
 * @param maxTokens maximum tokens of a chunk, estimated
 */
export function cutFile(bytes: Uint8Array, path: string, maxTokens: number): CutFile {
  const file = recognise(bytes, path);
  if (!file.ok) return file;
  const byteAt = createByteAt(file.text, file.encoding, file.bomBytes, bytes);
  const { kind, mapped, headings } = extract(file);
  const chunks = chunkText({
    text: mapped.text,
    kind,
    maxTokens,
    ...(headings === undefined ? {} : { headings }),
    startByteAt: (index) => byteAt(mapped.sourceStart(index)),
    endByteAt: (index) => byteAt(mapped.sourceEnd(index)),
  });
  if (chunks.length === 0) {
    const reason = file.kind === 'html' ? fact('PAGE_HAS_NO_TEXT') : fact('FILE_HAS_ONLY_DATA');
    return { ok: false, code: 'FILE_EMPTY', reason };
  }
  return { ok: true, language: file.language, chunks };
}

interface Extracted {
  kind: TextKind;
  mapped: MappedText;
  headings?: ReturnType<typeof extractHtml>['headings'];
}

/** What a person would read in the file, with its places. */
function extract({ text, kind, language }: RecognisedText): Extracted {
  if (kind === 'html') {
    const html = extractHtml(text);
    return { kind, mapped: html, headings: html.headings };
  }
  const read = prose(text, kind, language);
  return { kind: read.kind, mapped: chained(withoutData(read.mapped.text), read.mapped) };
}

function prose(text: string, kind: TextKind, language: string): Extracted {
  if (language === 'json') {
    const notebook = notebookText(text);
    return notebook === null ? { kind, mapped: jsonText(text) } : { kind: 'markdown', mapped: notebook };
  }
  if (language === 'xml') return { kind: 'text', mapped: xmlText(text) };
  return { kind, mapped: language === 'ini' ? unicodeEscapes(text) : unchanged(text) };
}
