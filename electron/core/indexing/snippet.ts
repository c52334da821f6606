/** The part of a chunk that best shows why it was found. Pure. */
import type { Chunk } from '../../../shared/models/indexing.ts';
import { utf8Length } from './encoding.ts';
import { type PlacedWord, placedWordsOf, stemOf } from './search-words.ts';
import { isUnspaced } from './terms.ts';

export interface Snippet {
  text: string;
  /** UTF-16 ranges inside `text`, [start, end), in order, not overlapping. */
  highlights: [number, number][];
  /** In the file. */
  startByte: number;
  endByte: number;
}

/**
 * At most `maxLength` UTF-16 units around the place with the most different words of the query, beginning and ending at
 * words if possible. The bytes are exact for text files. The text of an HTML page differs from its source, so there
 * they are those of the whole chunk.
 */
export function makeSnippet(
  chunk: Pick<Chunk, 'text' | 'startByte' | 'endByte'>,
  query: string,
  maxLength = 240,
): Snippet {
  const { text } = chunk;
  const matches = matchesOf(text, query);
  const [start, end] = text.length <= maxLength ? [0, text.length] : window(text, matches, maxLength);
  const bytesBefore = byteCounter(chunk);
  const highlights = matches
    .filter((match) => match.start >= start && match.end <= end)
    .map((match): [number, number] => [match.start - start, match.end - start]);
  return {
    text: text.slice(start, end),
    highlights,
    startByte: bytesBefore === null ? chunk.startByte : chunk.startByte + bytesBefore(start),
    endByte: bytesBefore === null ? chunk.endByte : chunk.startByte + bytesBefore(end),
  };
}

/**
 * The words of the query in the text, ignoring accents and case; in scripts without spaces, their runs. Korean words
 * count without what hangs on them.
 */
function matchesOf(text: string, query: string): PlacedWord[] {
  const words = placedWordsOf(query).map(({ word }) => word);
  const wanted = new Set(words.map(foldAccents));
  if (wanted.size === 0) return [];
  const runs = [...wanted].filter(isUnspaced);
  const stems = words.flatMap((word) => stemOf(word) ?? []);
  const matches: PlacedWord[] = [];
  for (const placed of placedWordsOf(text)) {
    const word = foldAccents(placed.word);
    const isPlain = placed.word.length === placed.end - placed.start;
    const stem = isPlain ? stems.find((one) => placed.word.startsWith(one)) : undefined;
    if (stem !== undefined)
      matches.push({ word: stem, start: placed.start, end: placed.start + stem.length });
    else if (wanted.has(word)) matches.push({ ...placed, word });
    else if (isUnspaced(word) && isPlain) {
      for (const run of runs) {
        const at = word.indexOf(run);
        if (at < 0) continue;
        matches.push({ word: run, start: placed.start + at, end: placed.start + at + run.length });
        break;
      }
    }
  }
  return matches;
}

function foldAccents(word: string): string {
  return word.normalize('NFD').replace(/\p{Mn}/gu, '');
}

function window(text: string, matches: readonly PlacedWord[], maxLength: number): [number, number] {
  let best = { first: 0, last: -1, different: 0 };
  for (let first = 0; first < matches.length; first += 1) {
    const seen = new Set<string>();
    let last = first - 1;
    const from = (matches[first] as PlacedWord).start;
    while (last + 1 < matches.length && (matches[last + 1] as PlacedWord).end - from <= maxLength) {
      last += 1;
      seen.add((matches[last] as PlacedWord).word);
    }
    if (seen.size > best.different) best = { first, last, different: seen.size };
  }
  const from = matches[best.first]?.start ?? 0;
  const to = best.last >= best.first ? (matches[best.last] as PlacedWord).end : from;
  const spare = Math.max(0, maxLength - (to - from));
  let start = Math.max(0, Math.min(from - Math.floor(spare / 3), text.length - maxLength));
  let end = Math.min(text.length, start + maxLength);
  if (best.different === 0) {
    start = 0;
    end = Math.min(text.length, maxLength);
  }
  return [
    forwardToWord(text, start, Math.max(start, from)),
    backToWord(text, end, best.different === 0 ? 0 : to),
  ];
}

const MAX_STEPS = 24;

function forwardToWord(text: string, start: number, limit: number): number {
  if (start === 0) return 0;
  for (let at = start; at <= limit && at - start <= MAX_STEPS; at += 1) {
    if (/\s/.test(text.charAt(at - 1)) && /\S/.test(text.charAt(at))) return at;
  }
  return isInsidePair(text, start) ? start + 1 : start;
}

function backToWord(text: string, end: number, limit: number): number {
  if (end === text.length) return end;
  for (let at = end; at > limit && end - at <= MAX_STEPS; at -= 1) {
    if (/\S/.test(text.charAt(at - 1)) && /\s/.test(text.charAt(at))) return at;
  }
  return isInsidePair(text, end) ? end - 1 : end;
}

function isInsidePair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}

/** Bytes before a place in the chunk; the encoding follows from the chunk's number of bytes. */
function byteCounter(chunk: Pick<Chunk, 'text' | 'startByte' | 'endByte'>): ((at: number) => number) | null {
  const bytes = chunk.endByte - chunk.startByte;
  if (bytes === utf8Length(chunk.text)) return (at) => utf8Length(chunk.text, 0, at);
  if (bytes === chunk.text.length) return (at) => at;
  if (bytes === chunk.text.length * 2) return (at) => at * 2;
  return null;
}
