/** UTF-16 without a mark, in any script. Pure. */

/** Of these scripts, a text mostly uses one, or those of one group. */
const SCRIPTS = [
  /^[\p{Script=Latin}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}ー]$/u,
  ...[
    'Cyrillic',
    'Greek',
    'Hebrew',
    'Arabic',
    'Thai',
    'Devanagari',
    'Armenian',
    'Georgian',
    'Bengali',
    'Tamil',
  ].map((name) => new RegExp(`^\\p{Script=${name}}$`, 'u')),
];
const LATIN = /^\p{Script=Latin}$/u;
/** What stands between words: of ASCII, of East Asia, and of typography. */
const BETWEEN = /^[\t\n\r\f -@[-`{-~\u00a0-\u00bf\u2010-\u2026\u20ac\u2116\u3000-\u3020\uff01-\uff65]$/u;
const SAMPLE_BYTES = 16_384;
/** Fewer units could be anything. */
const LEAST_UNITS = 8;
const MOST_STRANGE = 0.02;

/**
 * The byte order in which the bytes are a text; null if they are none, or in both orders.
 * @param bytes which are not valid in an encoding of single bytes: with zeros or controls among them
 */
export function wideOrder(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes.length % 2 !== 0 || bytes.length < LEAST_UNITS * 2) return null;
  const orders = (['utf-16le', 'utf-16be'] as const).filter((order) => reads(bytes, order));
  return orders.length === 1 ? (orders[0] ?? null) : null;
}

function reads(bytes: Uint8Array, order: 'utf-16le' | 'utf-16be'): boolean {
  let text: string;
  try {
    const decoder = new TextDecoder(order, { fatal: true, ignoreBOM: true });
    text = decoder.decode(bytes.subarray(0, SAMPLE_BYTES), { stream: bytes.length > SAMPLE_BYTES });
  } catch {
    return false;
  }
  const counts = SCRIPTS.map(() => 0);
  let letters = 0;
  let strange = 0;
  let all = 0;
  for (const character of text) {
    all += 1;
    const script = SCRIPTS.findIndex((one) => one.test(character));
    // Names and addresses in Latin letters occur in texts of every script.
    if (script >= 0 && !LATIN.test(character)) counts[script] = (counts[script] ?? 0) + 1;
    if (script >= 0 && !LATIN.test(character)) letters += 1;
    else if (script < 0 && !BETWEEN.test(character) && !/\p{M}/u.test(character)) strange += 1;
  }
  return strange <= all * MOST_STRANGE && letters > 0 && Math.max(...counts) >= letters * 0.9;
}
