/** The value of a JSON text; undefined, which no JSON text has for a value, if it isn't one. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Far more than any server nests. */
const MOST_NESTED = 100;
/** Far more than any answer of 2 MB has; as many empty objects cost the parser ten times as much as other text. */
const MOST_VALUES = 200_000;

/**
 * The same for an answer from another machine, which may be hostile: undefined also if it is nested deeply or consists
 * of very many values, because parsing it would hold the thread. It is counted before it is parsed.
 */
export function parseAnswer(text: string): unknown {
  return isCostly(text) ? undefined : parseJson(text);
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const ARRAY = 91;
const OBJECT = 123;

/** Counts what is outside of strings. */
function isCostly(text: string): boolean {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) values += 1;
    else if (code === ARRAY || code === OBJECT) depth += 1;
    // The closing bracket of each comes two places after the opening one.
    else if (code === ARRAY + 2 || code === OBJECT + 2) depth -= 1;
    if (depth > MOST_NESTED || values > MOST_VALUES) return true;
  }
  return false;
}

/** Index of the quote that ends the string that begins at `start`; the text's length if none does. */
export function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}
