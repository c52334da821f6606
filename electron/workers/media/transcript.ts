/** From what a speech server says of each piece to one text with the times of its parts. Pure. */
import { MOST_PLACES, type TextPlace } from '../../../shared/models/places.ts';

/** Times are seconds from the beginning of the recording. */
export interface Spoken {
  start: number;
  end: number;
  text: string;
}

/** A pause that begins a new paragraph, seconds. */
const PAUSE = 2;
/** A paragraph that is longer ends with its sentence, UTF-16 units. */
const LONG = 500;
/** Words in which a repetition is looked for: more are not spoken within an overlap. */
const MOST_REPEATED = 16;
const SENTENCE_END = /[.!?…。！？]["'”’)]?$/;

/** Adds what was said in the next piece. Words at its beginning that the piece before ends with are left out. */
export function joinSpoken(
  before: readonly Spoken[],
  next: readonly Spoken[],
  overlapSeconds: number,
): Spoken[] {
  const last = before.at(-1);
  if (overlapSeconds === 0 || last === undefined) return [...before, ...next];
  const end = words(
    before
      .slice(-MOST_REPEATED)
      .map(({ text }) => text)
      .join(' '),
  ).slice(-MOST_REPEATED);
  const joined = [...before];
  let left = repeated(end, words(next.map(({ text }) => text).join(' ')));
  for (const spoken of next) {
    const parts = spoken.text.split(/\s+/).filter((part) => part !== '');
    if (left === 0) {
      joined.push(spoken);
      continue;
    }
    const dropped = Math.min(left, parts.length);
    left -= dropped;
    if (dropped === parts.length) continue;
    const share = dropped / parts.length;
    const start = spoken.start + (spoken.end - spoken.start) * share;
    joined.push({ ...spoken, start, text: parts.slice(dropped).join(' ') });
  }
  return joined;
}

const words = (text: string): string[] => text.split(/\s+/).filter((part) => part !== '');
const plain = (word: string | undefined): string =>
  (word ?? '').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

/** How many words of `next` repeat the end of `before`. The last one may be cut: it need not be the same. */
function repeated(before: readonly string[], next: readonly string[]): number {
  for (let count = Math.min(before.length, next.length, MOST_REPEATED); count > 0; count -= 1) {
    if (isSame(before.slice(-count), next.slice(0, count))) return count;
    const withoutCut = before.slice(-count - 1, -1);
    if (count > 1 && withoutCut.length === count && isSame(withoutCut, next.slice(0, count))) return count;
  }
  return 0;
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((word, index) => plain(word) === plain(other[index]));

/** The text, in paragraphs, and the time of each part of it. */
export function transcriptOf(spoken: readonly Spoken[]): { text: string; places: TextPlace[] } {
  let text = '';
  let paragraph = 0;
  let end = 0;
  const places: TextPlace[] = [];
  for (const part of spoken) {
    const said = part.text.replace(/\s+/g, ' ').trim();
    if (said === '') continue;
    const isNew = part.start - end > PAUSE || (text.length - paragraph > LONG && SENTENCE_END.test(text));
    if (text !== '') text += isNew ? '\n\n' : ' ';
    if (isNew) paragraph = text.length;
    places.push({ kind: 'time', number: Math.round(part.start * 100) / 100, name: null, start: text.length });
    text += said;
    end = Math.max(end, part.end);
  }
  return { text, places: thinned(places) };
}

/** Every so many of them, if there are more than are kept. */
export function thinned(places: readonly TextPlace[]): TextPlace[] {
  const every = Math.ceil(places.length / MOST_PLACES);
  return places.filter((_, index) => every <= 1 || index % every === 0);
}
