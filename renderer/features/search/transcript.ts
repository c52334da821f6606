/** The lines of a transcript, each with its second. Pure. */
import type { DocumentView } from '../../../shared/models/indexing.ts';

export interface TranscriptLine {
  seconds: number;
  text: string;
  /** A pause was before it. */
  beginsParagraph: boolean;
  /** Of the text that is shown, from 0. */
  line: number;
}

export interface Transcript {
  /** What comes before the first second, such as a title. */
  head: string;
  lines: readonly TranscriptLine[];
}

export function transcriptOf({ text, times = [] }: Pick<DocumentView, 'text' | 'times'>): Transcript {
  let line = 0;
  let counted = 0;
  const lines = times.map(({ at, seconds }, index): TranscriptLine => {
    line += text.slice(counted, at).split('\n').length - 1;
    counted = at;
    return {
      seconds,
      text: text.slice(at, times[index + 1]?.at).trim(),
      beginsParagraph: index === 0 || /\n\s*\n\s*$/.test(text.slice(Math.max(0, at - 8), at)),
      line,
    };
  });
  return { head: text.slice(0, times[0]?.at ?? text.length).trim(), lines };
}

/** The line that is heard at a second; -1 before the first. */
export function lineAt(lines: readonly { seconds: number }[], second: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.seconds ?? 0) <= second) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
