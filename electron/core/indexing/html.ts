/** The visible text of an HTML page, with the positions of its parts in the source. Pure. */
import { type Heading, isSpace, MAX_HEADINGS } from './blocks.ts';
import { createBoundedParser } from './bounded-parser.ts';
import { createMappedText, type MappedText } from './mapped-text.ts';

export interface HtmlText extends MappedText {
  /** In `text`. */
  headings: (Heading & { start: number; end: number })[];
}

const LEFT_OUT = new Set([
  'script',
  'style',
  'template',
  'noscript',
  'iframe',
  'object',
  'canvas',
  'svg',
  'math',
]);
/** Far deeper than usual pages; browsers stop at 512. The text of deeper elements is kept. */
const MAX_OPEN = 256;
/** In addition: elements that are left out must be recognised however deep they are. */
const MAX_LEFT_OUT = 64;
const BREAKS_PARAGRAPH = new Set(
  (
    'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure ' +
    'footer form h1 h2 h3 h4 h5 h6 header hr html li main menu nav ol option p pre section select summary ' +
    'table tbody tfoot thead title tr ul textarea'
  ).split(' '),
);

export function extractHtml(source: string): HtmlText {
  const mapped = createMappedText();
  const headingRanges: { level: number; start: number; end: number }[] = [];
  let leftOut = 0;
  let verbatim = 0;
  let pending = '';
  let heading: { level: number; start: number } | null = null;

  function breakWith(space: string): void {
    if (mapped.length > 0 && space.length > pending.length) pending = space;
  }
  function write(text: string, sourceStart: number, sourceEnd: number): void {
    if (pending !== '') mapped.append(pending, sourceStart, sourceStart);
    pending = '';
    mapped.append(text, sourceStart, sourceEnd);
  }
  /** White space becomes one space, except where the page preserves it. */
  function addText(data: string, sourceStart: number, sourceEnd: number): void {
    if (verbatim > 0) {
      write(data, sourceStart, sourceEnd);
      return;
    }
    const literal = data.length === sourceEnd - sourceStart;
    function writePart(from: number, to: number): void {
      if (to <= from) return;
      if (literal) write(data.slice(from, to), sourceStart + from, sourceStart + to);
      else write(data.slice(from, to), sourceStart, sourceEnd);
    }
    let from = 0;
    for (let at = 0; at < data.length; ) {
      if (!isSpace(data.charCodeAt(at))) {
        at += 1;
        continue;
      }
      let end = at + 1;
      while (end < data.length && isSpace(data.charCodeAt(end))) end += 1;
      const isFolded = end - at === 1 && data.charCodeAt(at) === 0x20 && at > from && end < data.length;
      if (!isFolded) {
        writePart(from, at);
        breakWith(' ');
        from = end;
      }
      at = end;
    }
    writePart(from, data.length);
  }

  const parser = createBoundedParser({
    maxOpen: MAX_OPEN,
    separate: { names: LEFT_OUT, maxOpen: MAX_LEFT_OUT },
    onopentag(name) {
      if (LEFT_OUT.has(name)) leftOut += 1;
      if (name === 'pre' || name === 'textarea') verbatim += 1;
      if (name === 'br') breakWith('\n');
      if (name === 'td' || name === 'th') breakWith(' ');
      if (BREAKS_PARAGRAPH.has(name)) breakWith('\n\n');
      if (/^h[1-6]$/.test(name) && headingRanges.length < MAX_HEADINGS) {
        if (pending !== '') mapped.append(pending, parser.startIndex, parser.startIndex);
        pending = '';
        heading = { level: Number(name[1]), start: mapped.length };
      }
    },
    onclosetag(name) {
      if (LEFT_OUT.has(name)) leftOut = Math.max(0, leftOut - 1);
      if (name === 'pre' || name === 'textarea') verbatim = Math.max(0, verbatim - 1);
      if (heading !== null && name === `h${heading.level}`) {
        headingRanges.push({ ...heading, end: mapped.length });
        heading = null;
      }
      if (BREAKS_PARAGRAPH.has(name)) breakWith('\n\n');
    },
    ontext(data) {
      if (leftOut === 0) addText(data, parser.startIndex, parser.endIndex + 1);
    },
  });
  parser.write(source);
  parser.end();

  const built = mapped.build();
  const { text } = built;
  const headings = headingRanges
    .map((range) => ({ ...range, title: text.slice(range.start, range.end).replace(/\s+/g, ' ').trim() }))
    .filter((range) => range.title !== '')
    .map((range) => ({ ...range, title: range.title.slice(0, 200) }));

  return { ...built, headings };
}
