/** Text as people paste it: chat programs and web pages put invisible characters around an address. */

import { INVISIBLE } from '../printable.ts';

const ENDS = String.raw`${INVISIBLE}\u200c\u200d`;
const AT_THE_ENDS = new RegExp(`^[${ENDS}]+|[${ENDS}]+$`, 'g');

/** The text without white space and invisible characters at its ends. */
export const trimPasted = (text: string): string => text.replace(AT_THE_ENDS, '');
