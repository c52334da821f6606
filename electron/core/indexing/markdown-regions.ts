/** Parts of a Markdown file in which nothing is a heading: front matter, fences and HTML, as CommonMark 0.31 has them. Pure. */

/** Whether the part ends with this line, or has ended before it; `blank` lines end some of them. */
export type EndsWith = (line: string) => boolean | 'before';

/** ` ``` ` and `~~~`. The text after backticks contains none of them: such a line is code within a paragraph. */
export function fenceStart(line: string): EndsWith | null {
  const [, mark, info = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
  if (mark === undefined || (mark.startsWith('`') && info.includes('`'))) return null;
  return (later) => {
    const [, end] = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(later) ?? [];
    return end?.startsWith(mark) === true;
  };
}

/** The fence that a text leaves open; null if it closes all. */
export function openFence(text: string): string | null {
  let open: { mark: string; ends: EndsWith } | null = null;
  for (const line of text.split('\n')) {
    const content = line.trimEnd();
    if (open !== null) {
      if (open.ends(content)) open = null;
      continue;
    }
    const ends = fenceStart(content);
    const mark = /[`~]{3,}/.exec(content)?.[0];
    if (ends !== null && mark !== undefined) open = { mark, ends };
  }
  return open?.mark ?? null;
}

const MARKERS = /^(?: {0,3}(?:>|[-*+]|\d{1,9}[.)])(?: {1,4}|$))+/;

/**
 * A fence in an item of a list, or in a quote, which ends with it at the latest: ` ```` ` after the mark of the item, or
 * on a line of its own within it.
 * @param within how far the text of the item around is indented; 0 for none
 */
export function innerFenceStart(line: string, within: number): EndsWith | null {
  const markers = MARKERS.exec(line)?.[0] ?? '';
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const isInside = markers === '' && within > 0 && indent >= within;
  if (markers === '' && !isInside) return null;
  const width = markers === '' ? within : markers.length;
  const ends = fenceStart(line.slice(width));
  if (ends === null) return null;
  const isQuote = markers.includes('>');
  return (later) => {
    if (isQuote) return /^ {0,3}>/.test(later) ? ends(later.replace(/^(?: {0,3}> ?)+/, '')) : 'before';
    if (later === '') return false;
    const depth = /^ */.exec(later)?.[0].length ?? 0;
    return depth < width ? 'before' : ends(later.slice(width));
  };
}

/** How far the text of a list's item is indented that this line begins; null if it begins none. */
export function itemIndent(line: string): number | null {
  return /^( *(?:[-*+]|\d{1,9}[.)]) {1,4})\S/.exec(line)?.[1]?.length ?? null;
}

const BLOCK_TAGS =
  'address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|' +
  'fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|' +
  'menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|' +
  'track|ul';
const ATTRIBUTES = String.raw`(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>${'`'}]+|'[^']*'|"[^"]*"))?)*`;
const WHOLE_TAG = new RegExp(
  String.raw`^ {0,3}(?:<[A-Za-z][A-Za-z0-9-]*${ATTRIBUTES}\s*\/?>|<\/[A-Za-z][A-Za-z0-9-]*\s*>)\s*$`,
);
const isBlank: EndsWith = (line) => line === '';

const HTML: readonly [start: RegExp, end: EndsWith][] = [
  [
    /^ {0,3}<(?:script|pre|style|textarea)(?:\s|>|$)/i,
    (line) => /<\/(?:script|pre|style|textarea)>/i.test(line),
  ],
  [/^ {0,3}<!--/, (line) => line.includes('-->')],
  [/^ {0,3}<\?/, (line) => line.includes('?>')],
  [/^ {0,3}<![A-Za-z]/, (line) => line.includes('>')],
  [/^ {0,3}<!\[CDATA\[/, (line) => line.includes(']]>')],
  [new RegExp(String.raw`^ {0,3}<\/?(?:${BLOCK_TAGS})(?:\s|\/?>|$)`, 'i'), isBlank],
];

/** A block of HTML begins with this line. It may end with the same line, except where a blank line ends it. */
export function htmlStart(line: string, inParagraph: boolean): EndsWith | null {
  for (const [start, end] of HTML) if (start.test(line)) return end;
  return !inParagraph && WHOLE_TAG.test(line) ? isBlank : null;
}

/** How front matter is marked, and what its first line of content looks like. */
const FRONT_MATTER: readonly { open: RegExp; close: RegExp; first: RegExp; line: RegExp }[] = [
  {
    open: /^---$/,
    close: /^(?:---|\.\.\.)$/,
    first: /^["']?[^\s:#"'][^:]*:(?:\s|$)/,
    // An entry, something indented, a list, a comment, or the end of a list in brackets.
    line: /^(?:\s|#|-(?:\s|$)|[\]}]|["']?[^\s:#"'][^:]*:(?:\s|$))/,
  },
  { open: /^\+\+\+$/, close: /^\+\+\+$/, first: /^(?:\[|["']?[\w.-]+["']?[ \t]*=)/, line: /^/ },
];

/**
 * The number of the line that closes the front matter; -1 if there is none. A file may also begin with a rule.
 * @param lineAt the line without the space at its end; null after the last
 */
export function frontMatterEnd(lineAt: (number: number) => string | null): number {
  const kind = FRONT_MATTER.find(({ open }) => open.test(lineAt(0) ?? ''));
  if (kind === undefined) return -1;
  let hasContent = false;
  for (let number = 1; ; number += 1) {
    const line = lineAt(number);
    if (line === null) return -1;
    if (kind.close.test(line)) return number;
    if (line === '') continue;
    if (!hasContent && !line.startsWith('#')) {
      if (!kind.first.test(line)) return -1;
      hasContent = true;
    } else if (!kind.line.test(line)) return -1;
  }
}
