/** How a server says that it spent the time of an answer. Pure. */
import type { ServerTimes } from '../../core/acquire/slot-learning.ts';
import { lastNumber } from './tokens.ts';

const needle = (name: string) => [Buffer.from(`"${name}":`)];
const total = needle('total_duration');
const load = needle('load_duration');
const prompt = needle('prompt_eval_duration');
const output = needle('eval_duration');

/** Of llama.cpp and what is built on it, in answers of the OpenAI API. Milliseconds. */
const timedPrompt = needle('prompt_ms');
const timedOutput = needle('predicted_ms');

const NANOSECONDS = 1e6;

/** @param tail the end of the answer */
export function readServerTimes(tail: Buffer): ServerTimes {
  const read = (name: readonly Buffer[]): number | null => {
    const value = lastNumber(tail, name);
    return value === null ? null : value / NANOSECONDS;
  };
  return { totalMs: read(total), loadMs: read(load), promptMs: read(prompt), outputMs: read(output) };
}

/**
 * The same of another API, if its server says it at all; null if not.
 * @param tookMs from when it was sent until the end of its answer
 */
export function readTimings(tail: Buffer, tookMs: number): ServerTimes | null {
  const outputMs = lastNumber(tail, timedOutput);
  if (outputMs === null) return null;
  return { totalMs: tookMs, loadMs: null, promptMs: lastNumber(tail, timedPrompt), outputMs };
}
