/** Words of commands that a person copies into a shell. Pure. */

/** One word for a POSIX shell. */
export const quoteForSh = (word: string): string =>
  /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** One word for PowerShell, which also takes typographic quotes for the end of a text. */
export const quoteForPowerShell = (word: string): string =>
  /^[\w./:\\=+-]+$/.test(word) ? word : `'${word.replaceAll(/['‘’‚‛]/g, '$&$&')}'`;
