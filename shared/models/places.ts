/** Where in its source a passage is: so that a match opens at its page, and not at the first one. */
import * as z from 'zod';

export const placeSchema = z.object({
  kind: z.enum(['page', 'slide', 'sheet', 'chapter', 'time']),
  /** From 1 on; of a `time`, seconds from the beginning. */
  number: z.number().nonnegative(),
  /** Of a sheet or chapter; null if it has none. */
  name: z.string().max(200).nullable(),
});
export type Place = z.infer<typeof placeSchema>;

/** `start`: where the text of the place begins in the whole text, in UTF-16 units. They are in ascending order. */
export const textPlaceSchema = placeSchema.extend({ start: z.number().int().nonnegative() });
export type TextPlace = z.infer<typeof textPlaceSchema>;

/** The same in a file: `startByte` is where its text begins there. */
export const filePlaceSchema = placeSchema.extend({ startByte: z.number().int().nonnegative() });
export type FilePlace = z.infer<typeof filePlaceSchema>;

/** The field of a result's metadata that contains its places. */
export const PLACES_FIELD = 'places';
/** Longer lists are cut off there. */
export const MOST_PLACES = 10_000;
