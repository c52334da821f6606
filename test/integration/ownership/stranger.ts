/** Tests with another owner need root, which may give files away. */
export const asRoot = process.getuid?.() === 0;

/** A user who exists on every system and owns nothing. */
export const stranger = 65_534;

if (!asRoot && process.platform !== 'win32')
  console.warn('Tests with files of another user are skipped: only root can make them.');
