/** Joins parts into sentences. */

/** The parts that are there, with a space between them. */
export const sentences = (...parts: readonly (string | null | undefined)[]): string =>
  parts.filter((part) => part !== null && part !== undefined && part !== '').join(' ');

/** Words that begin a sentence and are no names. */
const opening = /^(A|An|It|Its|No|Nothing|Something|That|The|There|This|Whether)\b/;

/** A sentence as a part of another one: `Nothing answered.` → `nothing answered`. Names stay as they are. */
export function clause(sentence: string): string {
  const open = sentence.replace(/\.$/, '');
  return opening.test(open) ? open.charAt(0).toLowerCase() + open.slice(1) : open;
}

/** `a`, `a and b`, `a, b and c`. */
export function list(parts: readonly string[], last = 'and'): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} ${last} ${parts.at(-1)}`;
}
