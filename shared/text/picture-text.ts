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
}): string {
  return [
    `Picture: ${name}`,
    description,
    seen,
    takenAt && `Taken on ${takenAt}`,
    camera && `Camera: ${camera}`,
    lens && `Lens: ${lens}`,
    latitude !== undefined && longitude !== undefined && `Place: ${latitude}, ${longitude}`,
  ]
    .filter(Boolean)
    .join('\n');
}
