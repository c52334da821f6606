/** Text as people paste it: chat programs and web pages put invisible characters around an address. */

const INVISIBLE = String.raw`\s\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff`;
const AT_THE_ENDS = new RegExp(`^[${INVISIBLE}]+|[${INVISIBLE}]+$`, 'g');

/** The text without white space and invisible characters at its ends. */
export const trimPasted = (text: string): string => text.replace(AT_THE_ENDS, '');
