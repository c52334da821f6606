/** Joins parts into sentences. */

/** Joins the parts that are not empty with spaces. */
export const sentences = (...parts: readonly (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== '').join(' ');

/** Sentence openings that are not names, so they may become lower case. */
const opening = /^(A|An|It|Its|No|Nothing|Only|Something|That|The|There|This|Whether)\b/;

/** A sentence as part of another one: `Nothing answered.` → `nothing answered`. Names keep their case. */
export function clause(sentence: string): string {
  const open = sentence.replace(/\.$/, '');
  return opening.test(open) ? open.charAt(0).toLowerCase() + open.slice(1) : open;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[], last = 'and'): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1)}`;
}

/** Ends with a full stop unless it already ends like a sentence. */
export const ended = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
