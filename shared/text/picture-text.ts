import { plural } from '../units.ts';

/** What is known of a picture, as the text that a search finds. */
export function pictureText({
  name,
  description,
  takenAt,
  camera,
  lens,
  latitude,
  longitude,
  seen = null,
  faces = null,
}: {
  name: string;
  description?: string;
  takenAt?: string;
  camera?: string;
  lens?: string;
  latitude?: number;
  longitude?: number;
  /** By a model; null if none has described it. */
  seen?: string | null;
  /** How many there are; null if that is not known. */
  faces?: number | null;
}): string {
  return [
    `Picture: ${name}`,
    description,
    seen,
    // A picture without any is not found by the word.
    faces !== null && faces > 0 && plural(faces, 'face'),
    takenAt && `Taken on ${takenAt}`,
    camera && `Camera: ${camera}`,
    lens && `Lens: ${lens}`,
    latitude !== undefined && longitude !== undefined && `Place: ${latitude}, ${longitude}`,
  ]
    .filter(Boolean)
    .join('\n');
}
