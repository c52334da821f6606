/** A text that was extracted from a source, with the places of its parts there. Pure; UTF-16 units. */

export interface MappedText {
  text: string;
  /** The index in the source of the character at this index of `text`. */
  sourceStart(index: number): number;
  /** The index in the source after the character before this index of `text`. */
  sourceEnd(index: number): number;
}

interface Segment {
  start: number;
  length: number;
  sourceStart: number;
  sourceEnd: number;
}

const isLiteral = (segment: Segment) => segment.length === segment.sourceEnd - segment.sourceStart;

export interface MappedTextBuilder {
  readonly length: number;
  /** If the text is as long as its part of the source, it is the same text. */
  append(text: string, sourceStart: number, sourceEnd: number): void;
  build(): MappedText;
}

export function createMappedText(): MappedTextBuilder {
  const parts: string[] = [];
  const segments: Segment[] = [];
  let length = 0;

  function segmentAt(index: number): Segment | undefined {
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((segments[middle] as Segment).start <= index) low = middle;
      else high = middle - 1;
    }
    return segments[low];
  }

  return {
    get length() {
      return length;
    },
    append(text, sourceStart, sourceEnd) {
      if (text === '') return;
      parts.push(text);
      const last = segments.at(-1);
      // Text that is adjacent in the source too extends the last segment.
      if (
        last !== undefined &&
        last.sourceEnd === sourceStart &&
        isLiteral(last) &&
        text.length === sourceEnd - sourceStart
      ) {
        last.length += text.length;
        last.sourceEnd = sourceEnd;
      } else segments.push({ start: length, length: text.length, sourceStart, sourceEnd });
      length += text.length;
    },
    build: () => ({
      text: parts.join(''),
      sourceStart(index) {
        const segment = segmentAt(index);
        if (segment === undefined) return 0;
        return isLiteral(segment) ? segment.sourceStart + (index - segment.start) : segment.sourceStart;
      },
      sourceEnd(index) {
        const segment = segmentAt(Math.max(0, index - 1));
        if (segment === undefined) return 0;
        return isLiteral(segment) ? segment.sourceStart + (index - segment.start) : segment.sourceEnd;
      },
    }),
  };
}

/** The same text, all of it. */
export function unchanged(text: string): MappedText {
  return { text, sourceStart: (index) => index, sourceEnd: (index) => index };
}

/** Maps through two extractions: `outer` was made from the text of `inner`. */
export function chained(outer: MappedText, inner: MappedText): MappedText {
  return {
    text: outer.text,
    sourceStart: (index) => inner.sourceStart(outer.sourceStart(index)),
    sourceEnd: (index) => inner.sourceEnd(outer.sourceEnd(index)),
  };
}
