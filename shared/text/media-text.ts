/** What is known of recordings and videos, as the text that a search finds. */
export const pictureAt = (description: string): string => `Picture: ${description}`;

/** What `metadata.note` says. */
export const mediaNotes = {
  silent: 'There is no speech in it.',
  withoutSound: 'It has no sound.',
} as const;
