/** The text of a file as a person reads it, with the lines of a passage. Pure. */
import type { DocumentText } from '../ports/vectors.ts';
import { createByteAt } from './encoding.ts';
import { extractHtml } from './html.ts';
import { type MappedText, unchanged } from './mapped-text.ts';
import { notebookText } from './notebook.ts';
import { type NotText, type RecognisedText, recognise } from './recognise-file.ts';

/** Characters that are sent at once, and how many of them come before the passage. */
const MAX_CHARACTERS = 200_000;
const MAX_BEFORE = 50_000;

export type DocumentOfFile = { ok: true; document: Omit<DocumentText, 'changed'> } | NotText;

/**
 * @param bytes the whole file
 * @param path only its last part counts
 * @param passage bytes of the file
 */
export function documentText(
  bytes: Uint8Array,
  path: string,
  passage: { startByte: number; endByte: number },
): DocumentOfFile {
  const file = recognise(bytes, path);
  if (!file.ok) return file;
  const { mapped, format } = readable(file);
  const { text } = mapped;
  const byteAt = createByteAt(file.text, file.encoding, file.bomBytes, bytes);
  const startsAt = (index: number) => byteAt(mapped.sourceStart(index));
  const start = Math.max(0, firstWhere(text.length, (index) => startsAt(index) > passage.startByte) - 1);
  const end = Math.max(
    start + 1,
    firstWhere(text.length, (index) => startsAt(index) >= passage.endByte),
  );
  const [from, to] = windowAround(text, start);
  const firstLine = 1 + breaksIn(text, 0, from);
  const passageLine = firstLine + breaksIn(text, from, start);
  return {
    ok: true,
    document: {
      format,
      language: file.language,
      text: text.slice(from, to).replace(/\r\n?/g, '\n'),
      firstLine,
      startByte: startsAt(from),
      // A passage that ends with a line break ends on the line before.
      passage: {
        firstLine: passageLine,
        lastLine: passageLine + breaksIn(text, start, Math.min(to, end) - 1),
      },
      more: { before: from > 0, after: to < text.length },
    },
  };
}

function readable(file: RecognisedText): { mapped: MappedText; format: DocumentText['format'] } {
  const { kind, text, language } = file;
  if (kind === 'html') return { mapped: extractHtml(text), format: 'text' };
  const notebook = language === 'json' ? notebookText(text) : null;
  if (notebook !== null) return { mapped: notebook, format: 'markdown' };
  return { mapped: unchanged(text), format: kind };
}

/** The first number below `count` for which `isTrue`, which stays true; `count` if there is none. */
function firstWhere(count: number, isTrue: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whole lines, unless one of them alone is too long. */
function windowAround(text: string, start: number): [from: number, to: number] {
  if (text.length <= MAX_CHARACTERS) return [0, text.length];
  const earliest = Math.max(0, Math.min(start - MAX_BEFORE, text.length - MAX_CHARACTERS));
  const lineStart = earliest === 0 ? 0 : text.indexOf('\n', earliest - 1) + 1;
  const from = lineStart === 0 || lineStart > start ? earliest : lineStart;
  const latest = Math.min(text.length, from + MAX_CHARACTERS);
  const lineEnd = latest === text.length ? latest : text.lastIndexOf('\n', latest);
  return [from, lineEnd > start ? lineEnd : latest];
}

function breaksIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) count += 1;
  }
  return count;
}
