/**
 * The charset of a text that is not Unicode and names none. A detector ranks the candidates by models of languages;
 * what it prefers counts only if it reads like a text and nothing else is nearly as likely. Decision 0021 has the
 * measurements. Pure.
 */
import jschardet from 'jschardet';
import { decodeBytes, type Encoding } from './encoding.ts';

/** Files of the last decades. Rarer ones must name their charset. */
const CANDIDATES: ReadonlyMap<string, Encoding> = new Map([
  ['windows-1250', 'windows-1250'],
  ['windows-1251', 'windows-1251'],
  ['windows-1252', 'windows-1252'],
  ['windows-1253', 'windows-1253'],
  ['windows-1254', 'windows-1254'],
  ['windows-1255', 'windows-1255'],
  ['windows-1256', 'windows-1256'],
  ['windows-1257', 'windows-1257'],
  ['iso-8859-1', 'windows-1252'],
  ['iso-8859-2', 'iso-8859-2'],
  ['iso-8859-5', 'iso-8859-5'],
  ['iso-8859-6', 'iso-8859-6'],
  ['iso-8859-7', 'iso-8859-7'],
  ['iso-8859-8', 'iso-8859-8'],
  ['iso-8859-9', 'windows-1254'],
  ['iso8859-15', 'iso-8859-15'],
  ['koi8-r', 'koi8-r'],
  ['koi8-u', 'koi8-u'],
  ['ibm866', 'ibm866'],
  ['x-mac-cyrillic', 'x-mac-cyrillic'],
  ['maccyrillic', 'x-mac-cyrillic'],
  ['tis-620', 'windows-874'],
  ['windows-874', 'windows-874'],
  ['cp874', 'windows-874'],
  ['shift_jis', 'shift_jis'],
  ['cp932', 'shift_jis'],
  ['euc-jp', 'euc-jp'],
  ['iso-2022-jp', 'iso-2022-jp'],
  ['gb2312', 'gb18030'],
  ['gb18030', 'gb18030'],
  ['gbk', 'gb18030'],
  ['big5', 'big5'],
  ['euc-kr', 'euc-kr'],
  ['cp949', 'euc-kr'],
]);

/** The models need no more, and their time grows with it. */
const SAMPLE_BYTES = 65_536;
/** How many times as likely as the next reading it must be, with few and with many letters beyond ASCII. */
const FEW_LETTERS = 12;
const CLEARLY = 1.5;
const MOST_COMMON = 1.35;
const LIKELIER = 1.02;
/** Of other scripts than Latin. Fewer could be anything. */
const LEAST_LETTERS = 6;

export interface Detected {
  encoding: Encoding;
  text: string;
}

export function detectCharset(bytes: Uint8Array): Detected | null {
  const symbols = asSymbols(bytes);
  if (symbols !== null) return symbols;
  const sample = sampleOf(bytes);
  const readings = readingsOf(sample);
  const [best, next] = readings;
  if (best === undefined) return null;
  if (next !== undefined && best.confidence < next.confidence * neededFor(best)) return null;
  const text = decodeBytes(bytes, best.encoding);
  return text === null ? null : { encoding: best.encoding, text };
}

function neededFor({ text, encoding }: Detected): number {
  const letters = lettersBeyondAscii(text);
  if (letters >= FEW_LETTERS) return LIKELIER;
  if (/\p{Script=Latin}/u.test(text.replace(/[\p{ASCII}]/gu, '')))
    return encoding === 'windows-1252' || encoding === 'iso-8859-15' ? MOST_COMMON : CLEARLY;
  return letters < LEAST_LETTERS ? Number.POSITIVE_INFINITY : CLEARLY;
}

interface Reading extends Detected {
  confidence: number;
}

/** Different readings, the likeliest first; each text once, however many charsets give it. */
export function readingsOf(sample: Uint8Array): Reading[] {
  const readings = new Map<string, Reading>();
  for (const { encoding: name, confidence } of jschardet.detectAll(sample, { minimumThreshold: 0 })) {
    const encoding = CANDIDATES.get(name?.toLowerCase() ?? '');
    const text = encoding === undefined ? null : decodeBytes(sample, encoding);
    if (encoding === undefined || text === null || readings.has(text) || !readsLikeText(text)) continue;
    readings.set(text, { encoding, text, confidence });
  }
  const found = withoutWorseCyrillic([...readings.values()]);
  const isChinese = ({ encoding }: Reading) => encoding === 'gb18030' || encoding === 'big5';
  return found.some(isChinese) && isRareKorean(sample) ? found.filter((one) => !isChinese(one)) : found;
}

/** Windows and the Mac have the small letters of Russian in the same places: their capitals and signs tell them apart. */
function withoutWorseCyrillic(readings: readonly Reading[]): Reading[] {
  const misfits = (encoding: Encoding) => {
    const reading = readings.find((one) => one.encoding === encoding);
    return reading?.text.match(/\p{Ll}\p{Lu}|[ЂЃЉЊЋЌЏђѓљњћќџ†°¶®©™≠∞≤≥√ƒ≈«»…\u00a0€]/gu)?.length ?? 0;
  };
  const [windows, mac] = [misfits('windows-1251'), misfits('x-mac-cyrillic')];
  const worse = mac < windows ? 'windows-1251' : 'x-mac-cyrillic';
  const both = ['windows-1251', 'x-mac-cyrillic'].every((name) =>
    readings.some((one) => one.encoding === name),
  );
  return both ? readings.filter(({ encoding }) => encoding !== worse) : [...readings];
}

/**
 * Whether a text that the detector takes for Chinese is Korean with one of the rarer syllables that Windows added, which
 * no decoder here knows. The common syllables are in the places of half of the Chinese characters, so that no Chinese
 * text is all Hangul.
 */
function isRareKorean(sample: Uint8Array): boolean {
  const letters = new TextDecoder('euc-kr').decode(sample).match(/[^\p{ASCII}\p{P}\ufffd]/gu) ?? [];
  const hangul = letters.filter((letter) => /\p{Script=Hangul}/u.test(letter)).length;
  return hangul >= FEW_LETTERS && hangul * 10 >= letters.length * 9;
}

/** Only the lines with bytes beyond ASCII say anything about the charset. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = [];
  let length = 0;
  let isPlain = true;
  for (let start = 0, at = 0; at <= bytes.length && length < SAMPLE_BYTES; at += 1) {
    const byte = bytes[at];
    if (byte !== undefined && byte >= 0x80) isPlain = false;
    if (byte !== undefined && byte !== 0x0a) continue;
    const line = bytes.subarray(start, at + 1);
    if (!isPlain) lines.push(line);
    if (!isPlain) length += line.length;
    isPlain = true;
    start = at + 1;
  }
  return concat(lines, length);
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part.subarray(0, length - at), at);
    at += part.length;
  }
  return whole;
}

const isAscii = (character: string) => character.charCodeAt(0) < 0x80;

function lettersBeyondAscii(text: string): number {
  let count = 0;
  for (const character of text) if (!isAscii(character) && /\p{L}/u.test(character)) count += 1;
  return count;
}

/** Signs that English texts use. */
const SIGNS = new Set('€…–—‘’“”•™©®°±µ§¶«»·×÷¼½¾²³£¥¡¿ºª†‡‹›„‚\u00a0');
/** They are next to a letter on one side at most, and some on none. */
const MISPLACED_SIGN = [
  /\p{L}[^\p{L}\p{M}\s\p{ASCII}’‘–—·…]\p{L}/u,
  /\p{L}[¹¿¡¦¬¤¨¸×÷‗№¢£¥±µ§¶¼½¾„‚]/u,
  /[ºª¹²³®™¦¬¤¨¸×÷‗±¼½¾”»]\p{L}/u,
  /¶\p{L}/u,
  /(?<!\d\s?)[×÷]/u,
  // Squares and cubes follow units and single letters.
  /(?<!(?<![\p{L}\p{M}])(?:\p{L}|[cdkmµ]m|ft|in))[²³]/u,
];

/** Windows-1252 if its bytes beyond ASCII are signs and no letters, alone or in pairs. */
function asSymbols(bytes: Uint8Array): Detected | null {
  const text = decodeBytes(bytes, 'windows-1252');
  if (text === null || MISPLACED_SIGN.some((pattern) => pattern.test(text))) return null;
  let together = 0;
  for (const character of text) {
    together = isAscii(character) ? 0 : together + 1;
    if (together > 0 && (together > 2 || !SIGNS.has(character))) return null;
  }
  return { encoding: 'windows-1252', text };
}

const TOKEN = /[^\s!-&(-/:-@[-`{-~\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff61-\uff64]+/g;
const OTHER_SCRIPTS = [
  'Cyrillic',
  'Greek',
  'Hebrew',
  'Arabic',
  'Thai',
  'Hangul',
  'Han',
  'Hiragana',
  'Katakana',
].map((name) => new RegExp(`\\p{Script=${name}}`, 'u'));
/** Letters where no word of their script has them. */
const MISPLACED: readonly RegExp[] = [
  /\p{Ll}\p{Lu}/u,
  /ς\p{L}/u,
  /[ךםןףץ]\p{L}/u,
  /[ةى]\p{L}/u,
  /^[ьъыЬЪЫ]/u,
  // Greek in small letters has an accent in every longer word.
  /^(?=\p{Script=Greek}{4,}$)(?!.*[\u0386\u0388-\u0390\u03ac-\u03b0\u03ca-\u03ce]).*\p{Ll}/u,
  // Polish, Czech and Slovak, then Baltic: letters that never come before these.
  /[ńśź][aeiouy]|[ŕĺ]|[ďťň][eiě]|ď[vrlb]/iu,
  /ē[aou]|ķ[bdgklmnrt]|ļv/iu,
  // Capitals with a small letter at the end, and lines of tables in a word.
  /\p{Script=Cyrillic}*(?=\p{Lu})\p{Script=Cyrillic}(?=\p{Lu})\p{Script=Cyrillic}\p{Ll}+$/u,
  /[\u2500-\u259f](?=\p{L})|(?<=\p{L})[\u2500-\u259f]/u,
  // No Cyrillic word of several letters is without a vowel.
  /^(?=\p{Script=Cyrillic}{4,}$)[^аеёиоуыэюяіїєАЕЁИОУЫЭЮЯІЇЄъЪ]+$/u,
];
/** Controls of the second set, soft hyphens, and what stands for no character. */
const STRANGE = /[\x80-\x9f\u00ad\ue000-\uf8ff\ufffd]/;

/** Whether most words with letters beyond ASCII could be words. */
export function readsLikeText(text: string): boolean {
  if (STRANGE.test(text)) return false;
  let words = 0;
  let odd = 0;
  let latin = 0;
  let withBasicLetters = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (!/[^\p{ASCII}]/u.test(token) || !/\p{L}/u.test(token)) continue;
    words += 1;
    const isLatin = /\p{Script=Latin}/u.test(token);
    const others = OTHER_SCRIPTS.filter((script) => script.test(token)).length;
    const hasBasic = /[a-z]/i.test(token);
    if (isLatin) latin += 1;
    if (isLatin && hasBasic) withBasicLetters += 1;
    const isMixed = isLatin ? others > 0 : others > 1 && !/\p{Script=Han}/u.test(token);
    // In languages with Latin letters, only the shortest words have none of the basic ones.
    const isAllMarked = isLatin && !hasBasic && token.length > 2;
    if (isMixed || isAllMarked || [...MISPLACED, ...MISPLACED_SIGN].some((one) => one.test(token))) odd += 1;
  }
  if (words === 0 || (latin > 0 && withBasicLetters === 0)) return false;
  return odd * 5 <= words;
}
