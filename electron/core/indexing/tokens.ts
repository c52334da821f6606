/**
 * Estimates the tokens of a text without a tokenizer. It tends to overestimate, because a model silently cuts off a
 * chunk that is too long.
 */
const PER_TOKEN = 16;

function cost(code: number): number {
  if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return 1;
  if (code < 0x80) {
    const isWord =
      (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
    return isWord ? 5 : 10;
  }
  return code < 0x2e80 ? 8 : PER_TOKEN;
}

/** Sixteenths of a token for the units [start, end). */
export function tokenCost(text: string, start = 0, end = text.length): number {
  let sum = 0;
  for (let i = start; i < end; i += 1) sum += cost(text.charCodeAt(i));
  return sum;
}

export function costOfTokens(tokens: number): number {
  return tokens * PER_TOKEN;
}

export function estimateTokens(text: string): number {
  return Math.ceil(tokenCost(text) / PER_TOKEN);
}

/** The first index at which the cost from `start` on exceeds `budget`; `end` if it never does. */
export function indexWithinCost(text: string, start: number, end: number, budget: number): number {
  let sum = 0;
  for (let i = start; i < end; i += 1) {
    sum += cost(text.charCodeAt(i));
    if (sum > budget) return i;
  }
  return end;
}
