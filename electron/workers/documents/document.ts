/** What a reader of documents makes of one. */
import type * as z from 'zod';
import type { TextPlace } from '../../../shared/models/places.ts';

export interface ReadDocument {
  /** Lines end with a line feed. */
  text: string;
  title: string | null;
  /** `pdf`, `docx`, `xlsx`, `pptx`, `epub`, or the kind of a text. */
  format: string;
  places: TextPlace[];
  /** What else is known: the number of its pages, for example. */
  about: Record<string, z.infer<ReturnType<typeof z.json>>>;
}

export interface ReadOptions {
  signal: AbortSignal;
  /** @param share 0 to 1 */
  progress(share: number): void;
}
