/** The number of tokens that a server reports at the end of its answer. Pure. */

export interface Tokens {
  input: number | null;
  output: number | null;
}

/** Of the names of all dialects; no answer has two of a row. */
const inputNames = ['"prompt_eval_count":', '"prompt_tokens":', '"input_tokens":'].map(needle);
const outputNames = ['"eval_count":', '"completion_tokens":', '"output_tokens":'].map(needle);

/** Bytes at the end of an answer in which the numbers are. */
const TAIL_BYTES = 1024;

function needle(text: string): Buffer {
  return Buffer.from(text);
}

/** The end of an answer. @param last its last chunk; `previous` the one before, if the last one is short */
export function endOf(last: Buffer, previous: Buffer | null = null): Buffer {
  const before = previous === null ? 0 : Math.max(0, TAIL_BYTES - last.length);
  const end = last.subarray(-TAIL_BYTES);
  return previous === null || before === 0 ? end : Buffer.concat([previous.subarray(-before), end]);
}

/** @param tail the end of the answer */
export function readTokens(tail: Buffer): Tokens {
  return { input: lastNumber(tail, inputNames), output: lastNumber(tail, outputNames) };
}

// Found in the bytes: searching a text backwards is slow.
export function lastNumber(tail: Buffer, names: readonly Buffer[]): number | null {
  for (const name of names) {
    const at = tail.lastIndexOf(name);
    if (at < 0) continue;
    const from = at + name.length;
    const digits = /^\s*(\d{1,15})\b/.exec(tail.toString('latin1', from, from + 20));
    if (digits?.[1] !== undefined) return Number(digits[1]);
  }
  return null;
}
