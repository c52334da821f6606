/**
 * The same page with a limited depth and number of elements, before any tree of it is built: what builds and walks trees
 * takes minutes for a few thousand nested elements. Streaming, and linear in the length. Pure.
 */
import { createBoundedParser } from '../../core/indexing/bounded-parser.ts';

/** Far deeper than usual pages. The text of deeper elements is kept. */
export const MAX_DEPTH = 128;
/** Finding the main text takes time with the square of it. */
export const MAX_ELEMENTS = 10_000;

/** Neither their text nor they themselves are part of an article. */
const LEFT_OUT = new Set(
  'script style template noscript iframe object embed canvas svg math audio video select'.split(' '),
);
const MAX_LEFT_OUT = 64;
const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));

export interface ShallowHtml {
  html: string;
  /** The deepest element that was kept. */
  depth: number;
  elements: number;
  /** Whether elements were left out because of their depth. */
  flattened: boolean;
}

/** null for a page with more elements than `maxElements`. */
export function shallowHtml(
  source: string,
  { maxDepth = MAX_DEPTH, maxElements = MAX_ELEMENTS } = {},
): ShallowHtml | null {
  const parts: string[] = [];
  let leftOut = 0;
  let depth = 0;
  let deepest = 0;
  let elements = 0;
  let flattened = false;
  /** The element that was just opened is closed at once: it is void, or too deep. */
  let closesAtOnce = false;

  const parser = createBoundedParser({
    maxOpen: maxDepth,
    separate: { names: LEFT_OUT, maxOpen: MAX_LEFT_OUT },
    onopentag(name) {
      const isLeftOut = LEFT_OUT.has(name);
      const isFlat = parser.isFlat;
      closesAtOnce = isFlat || VOID.has(name);
      if (isLeftOut && !closesAtOnce) leftOut += 1;
      if (isFlat) flattened = true;
      if (isLeftOut || leftOut > 0 || isFlat) return;
      elements += 1;
      const written = source.slice(parser.startIndex, parser.endIndex + 1);
      // An end tag without a start tag opens an element, too.
      parts.push(written.startsWith('<') && !written.startsWith('</') ? written : `<${name}>`);
      if (closesAtOnce) return;
      depth += 1;
      deepest = Math.max(deepest, depth);
    },
    onclosetag(name) {
      if (closesAtOnce) {
        closesAtOnce = false;
        return;
      }
      if (LEFT_OUT.has(name)) {
        leftOut = Math.max(0, leftOut - 1);
        return;
      }
      if (leftOut > 0) return;
      depth = Math.max(0, depth - 1);
      parts.push(`</${name}>`);
    },
    ontext() {
      closesAtOnce = false;
      if (leftOut === 0) parts.push(source.slice(parser.startIndex, parser.endIndex + 1));
    },
  });
  for (let at = 0; at < source.length; at += SLICE) {
    parser.write(source.slice(at, at + SLICE));
    if (elements > maxElements) return null;
  }
  parser.end();
  if (elements > maxElements) return null;
  return { html: parts.join(''), depth: deepest, elements, flattened };
}

/** Characters between two looks at the number of elements. */
const SLICE = 65_536;
