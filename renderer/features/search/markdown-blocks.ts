/** The blocks of a Markdown text, each with its lines. Pure. Everything is text: no block becomes HTML. */

export interface Lines {
  /** From 0, both included. */
  first: number;
  last: number;
}

export type MarkdownBlock = Lines &
  (
    | { kind: 'heading'; level: number; text: string }
    | { kind: 'paragraph'; text: string }
    | { kind: 'code'; text: string }
    | { kind: 'list'; items: ListItem[] }
    | { kind: 'quote'; text: string }
    | { kind: 'table'; head: string[]; rows: string[][] }
    | { kind: 'rule' }
  );

export interface ListItem extends Lines {
  text: string;
  /** How deep it is, from 0. */
  depth: number;
  /** `•`, or its number. */
  mark: string;
  /** null unless it is a task. */
  done: boolean | null;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]([^\n]*))?$/;
/** Marks at its end, which count for nothing. */
const HEADING_END = /(?:^|[ \t])#+$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const ITEM = /^([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+(?:\[([ xX])\][ \t]+)?(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

export function markdownBlocks(text: string): MarkdownBlock[] {
  const lines = text.split('\n');
  const blocks: MarkdownBlock[] = [];
  let at = 0;

  const line = (index: number) => lines[index] ?? '';
  const isBlank = (index: number) => line(index).trim() === '';

  function take(from: number, isPart: (index: number) => boolean): number {
    let last = from;
    while (last + 1 < lines.length && isPart(last + 1)) last += 1;
    return last;
  }

  while (at < lines.length) {
    const first = at;
    if (isBlank(at)) {
      at += 1;
      continue;
    }
    if (at === 0 && line(0).trimEnd() === '---') {
      const end = lines.findIndex((one, index) => index > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(one));
      if (end > 0) {
        blocks.push({ kind: 'code', text: lines.slice(1, end).join('\n'), first, last: end });
        at = end + 1;
        continue;
      }
    }
    const fence = FENCE.exec(line(at))?.[1];
    if (fence !== undefined) {
      const closes = (index: number) => {
        const found = line(index).trim();
        return found.length >= fence.length && found.split(fence.charAt(0)).join('') === '';
      };
      let end = at + 1;
      while (end < lines.length && !closes(end)) end += 1;
      blocks.push({
        kind: 'code',
        text: lines.slice(at + 1, end).join('\n'),
        first,
        last: Math.min(end, lines.length - 1),
      });
      at = end + 1;
      continue;
    }
    const heading = HEADING.exec(line(at));
    if (heading) {
      blocks.push({
        ...{ kind: 'heading', level: heading[1]?.length ?? 1, text: headingText(heading[2] ?? '') },
        ...{ first, last: at },
      });
    } else if (RULE.test(line(at))) blocks.push({ kind: 'rule', first, last: at });
    else if (QUOTE.test(line(at))) {
      at = take(at, (index) => QUOTE.test(line(index)));
      const quoted = lines.slice(first, at + 1).map((one) => QUOTE.exec(one)?.[1] ?? '');
      blocks.push({ kind: 'quote', text: quoted.join('\n'), first, last: at });
    } else if (ITEM.test(line(at))) {
      at = take(at, (index) => ITEM.test(line(index)) || (!isBlank(index) && /^[ \t]/.test(line(index))));
      blocks.push({ kind: 'list', items: itemsOf(lines, first, at), first, last: at });
    } else if (line(at).includes('|') && TABLE_RULE.test(line(at + 1))) {
      at = take(at + 1, (index) => line(index).includes('|'));
      const [head = [], , ...rows] = lines.slice(first, at + 1).map(cellsOf);
      blocks.push({ kind: 'table', head, rows, first, last: at });
    } else if (/^(?: {4}|\t)/.test(line(at))) {
      at = take(at, (index) => /^(?: {4}|\t)/.test(line(index)));
      const code = lines.slice(first, at + 1).map((one) => one.replace(/^(?: {4}|\t)/, ''));
      blocks.push({ kind: 'code', text: code.join('\n'), first, last: at });
    } else {
      at = take(at, (index) => !isBlank(index) && !begins(line(index)));
      const under = /^ {0,3}(=+|-+)[ \t]*$/.exec(line(at + 1))?.[1];
      const paragraph = lines.slice(first, at + 1).join('\n');
      if (under === undefined) blocks.push({ kind: 'paragraph', text: paragraph, first, last: at });
      else {
        at += 1;
        blocks.push({
          ...{ kind: 'heading', level: under.startsWith('=') ? 1 : 2, text: paragraph },
          ...{ first, last: at },
        });
      }
    }
    at += 1;
  }
  return blocks;
}

/** In steps, each of which reads it once: one pattern would try every run of spaces against every other. */
const headingText = (text: string) => text.trim().replace(HEADING_END, '').trimEnd();

/** Whether a line ends the paragraph before it. */
const begins = (line: string) =>
  FENCE.test(line) ||
  HEADING.test(line) ||
  RULE.test(line) ||
  QUOTE.test(line) ||
  ITEM.test(line) ||
  /^ {0,3}=+[ \t]*$/.test(line);

function itemsOf(lines: readonly string[], first: number, last: number): ListItem[] {
  const items: ListItem[] = [];
  const indents: number[] = [];
  for (let at = first; at <= last; at += 1) {
    const found = ITEM.exec(lines[at] ?? '');
    const before = items.at(-1);
    if (!found) {
      if (before) {
        before.text += `\n${(lines[at] ?? '').trim()}`;
        before.last = at;
      }
      continue;
    }
    const [, space = '', mark = '', task, text = ''] = found;
    const indent = space.replaceAll('\t', '    ').length;
    while (indents.length > 0 && (indents.at(-1) ?? 0) > indent) indents.pop();
    if (indents.at(-1) !== indent) indents.push(indent);
    items.push({
      ...{ text, depth: indents.length - 1, first: at, last: at },
      mark: /\d/.test(mark) ? mark : '•',
      done: task === undefined ? null : task !== ' ',
    });
  }
  return items;
}

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
