/** Encodings that write every letter in ASCII: UTF-7 and HZ. Read as ASCII, they are no text. Pure. */

const UTF_7 = /\+([A-Za-z0-9+/]{3,})-?/g;
const HZ = /~\{((?:[!-}][!-~])+)~\}/g;
/** Code may contain one or two that look alike. */
const LEAST = 3;
const SAMPLE = 65_536;

/** @param text which is all ASCII */
export function isWrittenInSevenBits(text: string): boolean {
  const sample = text.slice(0, SAMPLE);
  return hasUtf7(sample) || hasHz(sample);
}

/** Base64 of letters that ASCII lacks, in UTF-16. */
function hasUtf7(text: string): boolean {
  let letters = 0;
  let others = 0;
  for (const [, payload = ''] of text.matchAll(UTF_7)) {
    if (isLetters(payload)) letters += 1;
    else others += 1;
  }
  return letters >= LEAST && others === 0;
}

function isLetters(payload: string): boolean {
  // Eight characters are six bytes, which are three units; what is left over is padding.
  const units = Math.floor((payload.length * 6) / 16);
  if (units === 0 || (payload.length * 6) % 16 >= 6) return false;
  const padded = payload.padEnd(Math.ceil(payload.length / 4) * 4, 'A');
  const bytes = Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
  const decoded = new TextDecoder('utf-16be').decode(bytes.subarray(0, units * 2));
  return /^[\u00a1-\u024f\u0370-\u05ff\u0620-\u06ff\u0e00-\u0e7f\u2010-\u2044\u20ac\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3]+$/u.test(
    decoded,
  );
}

/** Between `~{` and `~}`, pairs of Chinese characters. */
function hasHz(text: string): boolean {
  let characters = 0;
  for (const [, pairs = ''] of text.matchAll(HZ)) {
    const high = Uint8Array.from(pairs, (character) => character.charCodeAt(0) | 0x80);
    try {
      const decoded = new TextDecoder('gb18030', { fatal: true }).decode(high);
      if (!/^[\p{Script=Han}\u3000-\u303f\uff01-\uff65]+$/u.test(decoded)) return false;
      characters += decoded.length;
    } catch {
      return false;
    }
  }
  return characters >= LEAST;
}
