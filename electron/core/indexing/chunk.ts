/** Splits a text into chunks at its headings and blank lines, within a budget of tokens. Pure. */
import type { Chunk } from '../../../shared/models/indexing.ts';
import { type Block, blocksOf, type Heading, isSpace, linesOf, type TextKind, trimmedEnd } from './blocks.ts';
import { costOfTokens, indexWithinCost, tokenCost } from './tokens.ts';

export interface ChunkOptions {
  text: string;
  kind: TextKind;
  /** Maximum tokens of a chunk, estimated. */
  maxTokens: number;
  /** The byte in the file at which the character of this index starts. Called in ascending order. */
  startByteAt: (index: number) => number;
  /** The byte in the file after the character before this index. */
  endByteAt: (index: number) => number;
  /** Headings that are already known (HTML), with their places in `text`. */
  headings?: readonly (Heading & { start: number; end: number })[];
}

/**
 * Every character that is not white space is in exactly one chunk, in order. Without any there is no chunk. Characters
 * are never split, so the bytes of a chunk are well-formed.
 */
export function chunkText(options: ChunkOptions): Chunk[] {
  const { text, kind, startByteAt, endByteAt } = options;
  const budget = costOfTokens(options.maxTokens);
  const blocks = options.headings === undefined ? blocksOf(text, kind) : markHeadings(text, options.headings);
  const path: Heading[] = [];
  const chunks: Chunk[] = [];

  for (const section of sectionsOf(blocks)) {
    for (const { heading } of section) {
      if (heading === null) continue;
      while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop();
      path.push(heading);
    }
    const heading = path
      .map((part) => part.title)
      .filter((title) => title !== '')
      .join(' › ');
    for (const range of pack(
      text,
      section.flatMap((block) => divide(text, block, budget)),
      budget,
    )) {
      chunks.push({
        ordinal: chunks.length,
        text: text.slice(range.start, range.end),
        startByte: startByteAt(range.start),
        endByte: endByteAt(range.end),
        heading,
      });
    }
  }
  return chunks;
}

/** A section starts at a heading; adjacent headings stay together. */
function sectionsOf(blocks: readonly Block[]): Block[][] {
  const sections: Block[][] = [];
  let current: Block[] = [];
  for (const block of blocks) {
    const deeper = (current.at(-1)?.heading?.level ?? Number.POSITIVE_INFINITY) < (block.heading?.level ?? 0);
    if (block.heading !== null && current.length > 0 && !deeper) {
      sections.push(current);
      current = [];
    }
    current.push(block);
  }
  if (current.length > 0) sections.push(current);
  return sections;
}

/** Splits a block that exceeds the budget into its lines, and lines that exceed it into pieces. */
function divide(text: string, block: Block, budget: number): Block[] {
  if (tokenCost(text, block.start, block.end) <= budget) return [block];
  const parts: Block[] = [];
  for (const line of linesOf(text.slice(block.start, block.end))) {
    let start = block.start + line.start;
    const end = trimmedEnd(text, start, block.start + line.end);
    let isFirst = true;
    while (start < end) {
      const cut = cutWithin(text, start, end, budget);
      const boundary = parts.length === 0 ? block.boundary : isFirst ? 1 : 0;
      parts.push({ start, end: cut, heading: null, boundary });
      start = cut;
      isFirst = false;
    }
  }
  return parts;
}

/** Where to end a piece of a line: after a sentence or word in its last third, or else where the budget ends. */
function cutWithin(text: string, start: number, end: number, budget: number): number {
  const most = indexWithinCost(text, start, end, budget);
  if (most === end) return end;
  const earliest = most - Math.floor((most - start) / 3);
  let afterWord = -1;
  for (let i = most; i > earliest; i -= 1) {
    const isAfterSpace = isSpace(text.charCodeAt(i - 1));
    if (isAfterSpace && /[.!?;。！？]/.test(text.charAt(i - 2))) return i;
    if (afterWord < 0 && (isAfterSpace || /[。！？、]/.test(text.charAt(i - 1)))) afterWord = i;
  }
  if (afterWord > 0) return afterWord;
  let cut = Math.max(most, start + 1);
  const isLowHalf = (text.charCodeAt(cut) & 0xfc00) === 0xdc00;
  if (isLowHalf) cut = cut - 1 > start ? cut - 1 : cut + 1;
  return cut;
}

/** Fills chunks greedily; one that overflows ends at the best boundary in its second half. */
function pack(text: string, blocks: readonly Block[], budget: number): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let first = 0;
  while (first < blocks.length) {
    const start = (blocks[first] as Block).start;
    const costs: number[] = [];
    let cost = 0;
    let next = first;
    for (; next < blocks.length; next += 1) {
      const from = next === first ? start : (blocks[next - 1] as Block).end;
      cost += tokenCost(text, from, (blocks[next] as Block).end);
      if (cost > budget && next > first) break;
      costs.push(cost);
    }
    let cut = next;
    if (next < blocks.length) {
      for (let at = next - 1; at > first; at -= 1) {
        if ((costs[at - first - 1] ?? 0) < budget / 2) break;
        if ((blocks[at] as Block).boundary > (blocks[cut] as Block).boundary) cut = at;
      }
    }
    ranges.push({ start, end: trimmedEnd(text, start, (blocks[cut - 1] as Block).end) });
    first = cut;
  }
  return ranges.filter((range) => range.end > range.start);
}

function markHeadings(text: string, headings: NonNullable<ChunkOptions['headings']>): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  function plain(end: number): void {
    for (const block of blocksOf(text.slice(at, end), 'html')) {
      blocks.push({ ...block, start: block.start + at, end: block.end + at });
    }
  }
  for (const { start, end, level, title } of headings) {
    plain(start);
    const last = trimmedEnd(text, start, end);
    if (last > start) blocks.push({ start, end: last, heading: { level, title }, boundary: 2 });
    at = end;
  }
  plain(text.length);
  return blocks;
}
