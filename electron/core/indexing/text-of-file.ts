/** The whole text of a file, with its title. Pure. */

import { fact } from '../../../shared/models/message.ts';
import { blocksOf, type TextKind } from './blocks.ts';
import type { Encoding } from './encoding.ts';
import { extractHtml } from './html.ts';
import { type NotText, recognise } from './recognise-file.ts';

export interface TextOfFile {
  ok: true;
  /** Lines end with a line feed. */
  text: string;
  /** Its first heading; null if it has none. */
  title: string | null;
  format: TextKind;
  language: string;
  encoding: Encoding;
}

/**
 * @param bytes the whole file
 * @param name only its last part counts
 */
export function textOfFile(bytes: Uint8Array, name: string): TextOfFile | NotText {
  const file = recognise(bytes, name);
  if (!file.ok) return file;
  const { kind: format, language, encoding } = file;
  if (format === 'html') {
    const { text, headings } = extractHtml(file.text);
    if (!/\S/.test(text)) return { ok: false, code: 'FILE_EMPTY', reason: fact('PAGE_HAS_NO_TEXT') };
    return { ok: true, text: plainLines(text), title: firstOf(headings), format, language, encoding };
  }
  const headings = blocksOf(file.text, format).flatMap(({ heading }) => heading ?? []);
  return { ok: true, text: plainLines(file.text), title: firstOf(headings), format, language, encoding };
}

const firstOf = (headings: readonly { title: string }[]): string | null =>
  headings.find(({ title }) => title !== '')?.title ?? null;

const plainLines = (text: string) => text.replace(/\r\n?/g, '\n');
