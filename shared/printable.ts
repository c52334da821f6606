/**
 * Text from other machines, files and people, made safe to show: a control character steers a terminal, a line break
 * makes one entry look like two, and a direction override shows `exe.txt` for a program. Letters with marks, joined
 * emoji and text that is written from right to left stay as they are.
 */

/** Format characters that are never part of a word: directions, invisible spaces and hyphens, marks of positions. */
const INVISIBLE_FORMATS = String.raw`\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb`;
/** The same and white space, for a character class. */
export const INVISIBLE = String.raw`\s${INVISIBLE_FORMATS}`;

/** A flag of a region, such as Scotland's, is a black flag followed by invisible letters. */
const REGION_FLAG = String.raw`\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}`;
/** A joiner shapes letters of some scripts, and emoji; Latin letters it only makes look alike. */
const STRAY_JOINER = [
  String.raw`(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]`,
  String.raw`(?<=\p{Script=Latin})[\u200c\u200d]`,
  String.raw`[\u200c\u200d](?![\p{L}\p{M}\p{Extended_Pictographic}])`,
].join('|');
/** Controls, line separators, what is invisible, halves of characters and what is no character. */
const UNPRINTABLE = [
  String.raw`[\p{Cc}\u2028\u2029${INVISIBLE_FORMATS}\p{Cs}\ufdd0-\ufdef\ufffe\uffff\u{e0000}-\u{e007f}]`,
  STRAY_JOINER,
].join('|');

const FIND = new RegExp(`(${REGION_FLAG})|${UNPRINTABLE}`, 'gu');
const PLAIN = /^[ -~]*$/;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * One line in which each unprintable character is written as an escape: `\n`, `\x1b`, `\u202e`. What is printable
 * stays, so a second call changes nothing. JSON as `JSON.stringify` writes it keeps its value.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(FIND, (found, flag: string | undefined) => flag ?? escaped(found));
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => (unit < 0x20 ? `\\x${hex(unit, 2)}` : `\\u${hex(unit, 4)}`)).join('');
}

const hex = (unit: number, digits: number) => unit.toString(16).padStart(digits, '0');

/** Whole commands to a terminal, so that nothing of them is left: colours and cursor moves, titles and links. */
const TERMINAL_COMMAND =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]P^_X][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;
const SPACES = /[\s\u0085]+/g;
const TIDY = /^(?:[!-~]+(?: [!-~]+)*)?$/;

/** A name or a sentence as one line without anything unprintable; line breaks and tabs become spaces. */
export function oneLine(text: string): string {
  if (TIDY.test(text)) return text;
  return text
    .replace(TERMINAL_COMMAND, '')
    .replace(SPACES, ' ')
    .replace(FIND, (_, flag: string | undefined) => flag ?? '')
    .replace(SPACES, ' ')
    .trim();
}
