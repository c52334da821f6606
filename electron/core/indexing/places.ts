/** From the places in a text to those in its file, and back from a byte of the file to its place. Pure. */
import * as z from 'zod';
import {
  type FilePlace,
  MOST_PLACES,
  PLACES_FIELD,
  type Place,
  textPlaceSchema,
} from '../../../shared/models/places.ts';
import { utf8Length } from './encoding.ts';

/** What is known of a stored text. */
export interface StoredText {
  taskId: string;
  title: string;
  origin: string;
  places: readonly FilePlace[];
}

/** As it is shown to people and programs. */
export const withoutPlaces = ({ places: _, ...shown }: StoredText): Omit<StoredText, 'places'> => shown;

const schema = z.array(textPlaceSchema);

/**
 * The places that a result names, which comes from a worker: whatever is wrong with them, its text is stored.
 * @param headBytes what the file, in UTF-8, has before the text
 */
export function filePlaces(
  metadata: Readonly<Record<string, unknown>>,
  text: string,
  headBytes: number,
): FilePlace[] {
  const given = metadata[PLACES_FIELD];
  const parsed = schema.safeParse(Array.isArray(given) ? given.slice(0, MOST_PLACES) : given);
  const places: FilePlace[] = [];
  let at = 0;
  let startByte = headBytes;
  for (const { start, ...place } of parsed.data ?? []) {
    // A long text may have been cut off.
    if (start < at || start >= text.length) break;
    startByte += utf8Length(text, at, start);
    at = start;
    places.push({ ...place, startByte });
  }
  return places;
}

/** null before the first one. */
export function placeAt(places: readonly FilePlace[], byte: number): Place | null {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as FilePlace).startByte <= byte) low = middle + 1;
    else high = middle;
  }
  const found = places[low - 1];
  if (found === undefined) return null;
  const { startByte: _, ...place } = found;
  return place;
}

/**
 * Where most of what matches in a snippet is: it may begin on the page before, and a frequent word may stand long before
 * the sentence that was looked for. Stored texts are UTF-8.
 */
export function placeOfMatches(
  places: readonly FilePlace[],
  {
    text,
    highlights,
    startByte,
  }: { text: string; highlights: readonly (readonly [number, number])[]; startByte: number },
): Place | null {
  let best: { place: Place | null; letters: number } = { place: placeAt(places, startByte), letters: 0 };
  let current = best;
  for (const [start, end] of highlights) {
    const place = placeAt(places, startByte + utf8Length(text, 0, start));
    const isSame = place?.kind === current.place?.kind && place?.number === current.place?.number;
    current = { place, letters: (isSame ? current.letters : 0) + end - start };
    if (current.letters > best.letters) best = current;
  }
  return best.place;
}
