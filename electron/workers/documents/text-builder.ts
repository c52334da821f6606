/** Puts the text of a document together from its paragraphs, with the places of its pages. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { MOST_PLACES, type Place, type TextPlace } from '../../../shared/models/places.ts';

/** UTF-16 units. A table in which a thousand cells share one long text unfolds to more than any archive may. */
export const MOST_TEXT = 64 * 1024 * 1024;
const LONGEST_NAME = 200;

export interface TextBuilder {
  /** What comes from now on is there. A place without text is left out. */
  place(kind: Place['kind'], number: number, name?: string | null): void;
  /** A paragraph or line; `gap` separates it from what is before. White space around it is left out. */
  add(text: string, gap?: '\n' | '\n\n'): void;
  heading(text: string, level: number): void;
  /** Of the text so far, UTF-16 units. */
  length(): number;
  /** The first heading; null if there was none. */
  title(): string | null;
  build(): { text: string; places: TextPlace[] };
}

/** @param most how long the text may become; beyond that, `add` throws FILE_TOO_LARGE */
export function createTextBuilder(most = MOST_TEXT): TextBuilder {
  const parts: string[] = [];
  const places: TextPlace[] = [];
  let length = 0;
  let next: Place | null = null;
  let title: string | null = null;

  function write(text: string): void {
    length += text.length;
    if (length > most) {
      throw new PilotlightError('FILE_TOO_LARGE', {
        message: fact('DOCUMENT_TEXT_OVER_LIMIT', { limit: most }),
      });
    }
    parts.push(text);
  }

  function add(text: string, gap: '\n' | '\n\n' = '\n\n'): void {
    const trimmed = text.trim();
    if (trimmed === '') return;
    if (length > 0) write(next === null ? gap : '\n\n');
    if (next !== null && places.length < MOST_PLACES) places.push({ ...next, start: length });
    next = null;
    write(trimmed);
  }

  return {
    place(kind, number, name = null) {
      next = { kind, number, name: name === null ? null : oneLine(name).slice(0, LONGEST_NAME) || null };
    },
    add,
    heading(text, level) {
      const line = oneLine(text);
      if (line === '') return;
      title ??= line.slice(0, LONGEST_NAME);
      add(`${'#'.repeat(Math.min(6, Math.max(1, level)))} ${line}`);
    },
    length: () => length,
    title: () => title,
    build: () => ({ text: parts.join(''), places }),
  };
}

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
