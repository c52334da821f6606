/** Leaves out what is encoded data in a text: pictures in data URLs, source maps, and runs or blocks of base64. Pure. */
import { createMappedText, type MappedText, unchanged } from './mapped-text.ts';

/** The payload of a data URL, from this many characters on. Shorter ones may explain the format. */
const MIN_PAYLOAD = 40;
const DATA_URL = new RegExp(
  String.raw`data:[a-z]+\/[\w.+-]+(?:;[\w=.+-]+)*;base64,(?:%[0-9a-f]{2}|[\w+/=-]){${MIN_PAYLOAD},}|` +
    String.raw`data:[a-z]+\/[\w.+-]+(?:;[\w=.+-]+)*,[^\s"'<>)]{${MIN_PAYLOAD},}`,
  'gi',
);
/** The positions in a source map. */
const MAPPINGS = /"mappings"\s*:\s*"([A-Za-z0-9+/,;]{40,})"/g;
/** Nothing that people write has so many letters and digits without any other character. */
const LONG_RUN = /[A-Za-z0-9+/_=-]{200,}/g;
/** Lines of base64 as mail and certificates have them. The last one is shorter, and is base64 only if it is padded or long. */
const WRAPPED =
  /^[ \t>]*(?:[A-Za-z0-9+/]{48,128}={0,2}(?:\r?\n[ \t>]*|$)){3,}(?:[A-Za-z0-9+/]*={1,2}|[A-Za-z0-9+/]{20,128})?(?![^\r\n])/gm;

/**
 * The share of capitals and digits in random base64 is about a half; words, paths and rules have far fewer. Zeros, which
 * pictures contain, are capitals as well.
 */
function looksRandom(run: string): boolean {
  const sample = run.length > 2000 ? run.slice(0, 2000) : run;
  const letters = sample.replaceAll(/[^A-Za-z0-9]/g, '');
  const capitals = letters.replaceAll(/[^A-Z]/g, '').length;
  const small = letters.replaceAll(/[^a-z]/g, '').length;
  const hex = /^[0-9a-f]*$/i.test(letters) && /\d/.test(letters);
  return (
    hex ||
    capitals > letters.length * 0.5 ||
    (capitals > letters.length * 0.2 && small > letters.length * 0.2)
  );
}

export function withoutData(text: string): MappedText {
  const out: { start: number; end: number }[] = [];
  for (const { 0: found, index } of text.matchAll(DATA_URL)) {
    out.push({ start: index + found.indexOf(',') + 1, end: index + found.length });
  }
  for (const { 0: found, 1: positions = '', index } of text.matchAll(MAPPINGS)) {
    out.push({ start: index + found.length - 1 - positions.length, end: index + found.length - 1 });
  }
  for (const pattern of [LONG_RUN, WRAPPED]) {
    for (const { 0: run, index } of text.matchAll(pattern)) {
      if (looksRandom(run)) out.push({ start: index, end: index + run.trimEnd().length });
    }
  }
  if (out.length === 0) return unchanged(text);
  out.sort((a, b) => a.start - b.start);
  const kept = createMappedText();
  let at = 0;
  for (const { start, end } of out) {
    if (start > at) kept.append(text.slice(at, start), at, start);
    at = Math.max(at, end);
  }
  kept.append(text.slice(at), at, text.length);
  return kept.build();
}
