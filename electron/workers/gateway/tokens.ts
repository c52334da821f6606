/** The number of tokens that a server reports at the end of its answer. Pure. */

export interface Tokens {
  input: number | null;
  output: number | null;
}

/** Of the names of all dialects; no answer has two of a row. */
const inputNames = ['"prompt_eval_count":', '"prompt_tokens":', '"input_tokens":'];
const outputNames = ['"eval_count":', '"completion_tokens":', '"output_tokens":'];

/** Bytes at the end of an answer in which the numbers are. */
const TAIL_BYTES = 4096;

/** @param tail the last chunks of the answer */
export function readTokens(tail: Buffer): Tokens {
  const text = tail.toString('latin1', Math.max(0, tail.length - TAIL_BYTES));
  return { input: lastNumber(text, inputNames), output: lastNumber(text, outputNames) };
}

function lastNumber(text: string, names: readonly string[]): number | null {
  for (const name of names) {
    const at = text.lastIndexOf(name);
    const digits =
      at < 0 ? null : /^\s*(\d{1,15})\b/.exec(text.slice(at + name.length, at + name.length + 20));
    if (digits?.[1] !== undefined) return Number(digits[1]);
  }
  return null;
}
