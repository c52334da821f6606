/** How a server says that it spent the time of an answer. Pure. */
import type { ServerTimes } from '../../core/acquire/slot-learning.ts';

const TAIL_BYTES = 4096;
const NANOSECONDS = 1e6;

/** @param tail the last chunks of the answer */
export function readServerTimes(tail: Buffer): ServerTimes {
  const text = tail.toString('latin1', Math.max(0, tail.length - TAIL_BYTES));
  const read = (name: string): number | null => {
    const at = text.lastIndexOf(`"${name}":`);
    if (at < 0) return null;
    const digits = /^\s*(\d{1,18})\b/.exec(text.slice(at + name.length + 3, at + name.length + 24));
    return digits?.[1] === undefined ? null : Number(digits[1]) / NANOSECONDS;
  };
  return {
    totalMs: read('total_duration'),
    loadMs: read('load_duration'),
    promptMs: read('prompt_eval_duration'),
    outputMs: read('eval_duration'),
  };
}
