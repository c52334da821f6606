/** Splits a text into blocks: headings, and runs of lines between blank ones. Pure; offsets are UTF-16 units. */
import {
  type EndsWith,
  fenceStart,
  frontMatterEnd,
  htmlStart,
  innerFenceStart,
  itemIndent,
} from './markdown-regions.ts';

export interface Heading {
  /** 1 is the outermost. */
  level: number;
  title: string;
}

export interface Block {
  start: number;
  /** After its last character that is not white space. */
  end: number;
  heading: Heading | null;
  /** How well a chunk can begin here: 0 inside a line, 1 at a line, 2 after a blank line, 3 at a definition. */
  boundary: 0 | 1 | 2 | 3;
}

export type TextKind = 'text' | 'markdown' | 'html' | 'code';

export interface Line {
  start: number;
  /** Without the line break. */
  end: number;
}

/**
 * A heading begins its own passage, however short. Beyond this number, headings count as ordinary lines, so that a file
 * with nothing but headings does not become millions of passages.
 */
export const MAX_HEADINGS = 10_000;
const MAX_TITLE = 200;
/** Longer lines are never headings, which also limits the time of the patterns below. */
const MAX_HEADING_LINE = 400;
const ATX = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const SETEXT = /^ {0,3}(?:(=+)|(-{2,}))[ \t]*$/;
const NOT_A_TITLE = /^ {0,3}(?:[-*+>|]|\d+[.)])(?:\s|$)|^ {4}|^\t/;
const DEFINITION =
  /^(?:@\w|#\[|template\b|(?:(?:export|default|pub(?:\([\w ]+\))?|public|private|protected|internal|static|abstract|async|final|sealed|open|unsafe|extern|inline|declare|override)\s+)*(?:function|class|interface|enum|struct|trait|impl|def|fn|func|fun|type|module|namespace|object|record|protocol|extension|macro_rules!|sub|proc|procedure|const|let|var|val|CREATE|create)\b)/;

export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code !== 10 && code !== 13) continue;
    lines.push({ start, end: i });
    if (code === 13 && text.charCodeAt(i + 1) === 10) i += 1;
    start = i + 1;
  }
  if (start < text.length) lines.push({ start, end: text.length });
  return lines;
}

/** Whether a UTF-16 unit is white space, as in a regular expression. */
export function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return code === 0xa0 || (code >= 0x1680 && RARE_SPACES.has(code));
}

const RARE_SPACES = new Set([
  0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
  0x2029, 0x202f, 0x205f, 0x3000, 0xfeff,
]);

/** The index after the last character of [start, end) that is not white space; `start` if there is none. */
export function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

function cleanTitle(title: string): string {
  return title
    .replace(/(?<![ \t])[ \t]+#+[ \t]*$/, '')
    .replace(/[`*]+/g, '')
    .trim()
    .slice(0, MAX_TITLE);
}

export function blocksOf(text: string, kind: TextKind): Block[] {
  const lines = linesOf(text);
  const blocks: Block[] = [];
  let open: { start: number; end: number; lastLine: number } | null = null;
  /** How the part ends in which nothing is a heading. */
  let region: EndsWith | null = null;
  /** How far the text of the list's item is indented that is open; 0 outside of lists. */
  let item = 0;
  const frontMatter = kind === 'markdown' ? frontMatterEnd((number) => contentOf(lines[number])) : -1;
  let headings = 0;

  function contentOf(line: Line | undefined): string | null {
    return line === undefined ? null : text.slice(line.start, trimmedEnd(text, line.start, line.end));
  }
  function close(): void {
    if (open !== null) blocks.push(plainBlock(text, kind, open.start, open.end));
    open = null;
  }
  function extend(line: Line, end: number): void {
    if (open === null) open = { start: line.start, end, lastLine: line.start };
    else {
      open.end = end;
      open.lastLine = line.start;
    }
  }

  for (const [number, line] of lines.entries()) {
    const end = trimmedEnd(text, line.start, line.end);
    if (end === line.start) {
      const ended = region?.('') ?? false;
      if (ended !== false) region = null;
      if (region === null && number > frontMatter) close();
      continue;
    }
    if (kind !== 'markdown') {
      extend(line, end);
      continue;
    }
    if (number <= frontMatter) {
      extend(line, end);
      if (number === frontMatter) close();
      continue;
    }
    const content = text.slice(line.start, end);
    if (region !== null) {
      const ended = region(content);
      if (ended !== false) region = null;
      if (ended !== 'before') {
        extend(line, end);
        continue;
      }
    }
    const sign = content.trimStart().charAt(0);
    const begun = content.length > MAX_HEADING_LINE ? null : itemIndent(content);
    if (begun !== null) item = begun;
    else if (!/^\s/.test(content)) item = 0;
    const inner = /```|~~~/.test(content) ? innerFenceStart(content, item) : null;
    if (inner !== null || sign === '`' || sign === '~' || sign === '<') {
      const fence = inner ?? fenceStart(content);
      const html = sign === '<' ? htmlStart(content.slice(0, MAX_HEADING_LINE), open !== null) : null;
      // HTML may end where it begins.
      if (fence !== null) region = fence;
      else if (html !== null && !html(content)) region = html;
      extend(line, end);
      continue;
    }
    if (content.length > MAX_HEADING_LINE) {
      extend(line, end);
      continue;
    }
    if (headings >= MAX_HEADINGS) {
      extend(line, end);
      continue;
    }
    const atx = sign === '#' ? ATX.exec(content) : null;
    if (atx !== null) {
      close();
      headings += 1;
      const heading = { level: (atx[1] ?? '').length, title: cleanTitle(atx[2] ?? '') };
      blocks.push({ start: line.start, end, heading, boundary: 2 });
      continue;
    }
    const setext = sign === '=' || sign === '-' ? SETEXT.exec(content) : null;
    const before = open as { start: number; end: number; lastLine: number } | null;
    if (setext !== null && before !== null && isTitle(text.slice(before.lastLine, before.end))) {
      const title = cleanTitle(text.slice(before.lastLine, before.end));
      if (before.lastLine > before.start) {
        blocks.push(plainBlock(text, kind, before.start, trimmedEnd(text, before.start, before.lastLine)));
      }
      open = null;
      headings += 1;
      const level = setext[1] === undefined ? 2 : 1;
      blocks.push({ start: before.lastLine, end, heading: { level, title }, boundary: 2 });
      continue;
    }
    extend(line, end);
  }
  close();
  return blocks;
}

function plainBlock(text: string, kind: TextKind, start: number, end: number): Block {
  const isDefinition = kind === 'code' && DEFINITION.test(text.slice(start, Math.min(end, start + 120)));
  return { start, end, heading: null, boundary: isDefinition ? 3 : 2 };
}

function isTitle(line: string): boolean {
  return line.length <= MAX_HEADING_LINE && !NOT_A_TITLE.test(line);
}
