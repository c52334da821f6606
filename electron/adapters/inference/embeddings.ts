/**
 * Reads the vectors of an answer to an embed request one by one. A large batch is many megabytes of numbers: parsed at
 * once, they would hold the thread for long, so others get a turn in between.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { endOfString, parseAnswer } from '../../../shared/json.ts';

/** Numbers in one vector, and characters of one number: `-0.06287935376167297`, at most with an exponent. */
const MOST_NUMBERS = 16_384;
const MOST_NUMBER_CHARACTERS = 26;
const MOST_VECTOR_CHARACTERS = MOST_NUMBERS * MOST_NUMBER_CHARACTERS;
/** Characters that are parsed without a pause. */
const SLICE_CHARACTERS = 512 * 1024;

/** Characters after the vectors that are read. */
const MOST_REST_CHARACTERS = 4096;

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The largest answer for this many texts, bytes. */
export function mostEmbedBytes(texts: number): number {
  return Math.min(texts * MOST_VECTOR_CHARACTERS + 64 * 1024, 128 * 1024 * 1024);
}

/** The vectors, and how long the server says it took, milliseconds; null if it does not say. */
export interface Embedded {
  vectors: Float32Array[];
  serverMs: number | null;
}

/**
 * One vector for each text. Rejects with SERVER_ERROR if there are fewer or more, if they are uneven or not finite, or if
 * the answer ends early: none of them is passed on then, because they would corrupt an index. Resolves with null if it
 * is no answer to an embed request.
 */
export async function readEmbeddings(
  text: string,
  wanted: number,
  pause: () => Promise<void> = nextTurn,
): Promise<Embedded | null> {
  const start = startOfEmbeddings(text);
  if (start === null) return null;
  const vectors: Float32Array[] = [];
  let at = start;
  let parsedUntil = at;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === ']' && vectors.length === 0) break;
    if (text[at] !== '[')
      throw badVectors(at < text.length ? 'something else than vectors' : 'half of the vectors');
    const end = text.indexOf(']', at);
    if (end < 0) throw badVectors('half of the vectors');
    if (vectors.length === wanted) throw badVectors(`more than ${wanted} vectors`);
    if (end - at > MOST_VECTOR_CHARACTERS) throw badVectors(`a vector of more than ${MOST_NUMBERS} numbers`);
    const vector = toVector(parseAnswer(text.slice(at, end + 1)));
    if (vectors[0] !== undefined && vectors[0].length !== vector.length)
      throw badVectors('vectors of different lengths');
    vectors.push(vector);
    at = skipSpace(text, end + 1);
    if (at - parsedUntil >= SLICE_CHARACTERS) {
      parsedUntil = at;
      await pause();
    }
    if (text[at] === ']') break;
    if (text[at] !== ',') throw badVectors('half of the vectors');
    at += 1;
  }
  if (vectors.length !== wanted) throw badVectors(`${vectors.length} vectors for ${wanted} texts`);
  if (!/\}\s*$/.test(text.slice(-64))) throw badVectors('half of the vectors');
  return { vectors, serverMs: durationIn(text.slice(at + 1)) };
}

/** Nanoseconds in what follows the vectors, as milliseconds. Vectors are not refused because of it. */
function durationIn(rest: string): number | null {
  const found = rest.length > MOST_REST_CHARACTERS ? null : parseAnswer(`{"embeddings":[]${rest}`);
  const ns =
    typeof found === 'object' && found !== null && 'total_duration' in found ? found.total_duration : null;
  return typeof ns === 'number' && ns >= 0 ? ns / 1e6 : null;
}

/** Behind the bracket that opens `embeddings`; null if the text is no object with such a member. */
function startOfEmbeddings(text: string): number | null {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return null;
  at += 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] !== '"') return null;
    const keyEnd = endOfString(text, at);
    const key = text.slice(at + 1, keyEnd);
    at = skipSpace(text, keyEnd + 1);
    if (text[at] !== ':') return null;
    at = skipSpace(text, at + 1);
    if (key === 'embeddings') {
      if (text.startsWith('null', at)) throw badVectors('no vectors');
      return text[at] === '[' ? at + 1 : null;
    }
    const end = endOfPlainValue(text, at);
    if (end === null) return null;
    at = skipSpace(text, end);
    if (text[at] !== ',') return null;
    at += 1;
  }
}

/** Behind a text, number or literal; null for anything else, which no server sends before its vectors. */
function endOfPlainValue(text: string, at: number): number | null {
  if (text[at] === '"') return endOfString(text, at) + 1;
  const plain = /^[-+.\w]+/.exec(text.slice(at, at + 64))?.[0];
  return plain === undefined ? null : at + plain.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
}

export function toVector(value: unknown): Float32Array {
  if (!Array.isArray(value)) throw badVectors('half of the vectors');
  if (value.length === 0) throw badVectors('an empty vector');
  if (value.length > MOST_NUMBERS) throw badVectors(`a vector of more than ${MOST_NUMBERS} numbers`);
  const vector = new Float32Array(value.length);
  for (let index = 0; index < value.length; index += 1) {
    const number: unknown = value[index];
    if (typeof number !== 'number') throw badVectors('a vector with values that are not numbers');
    vector[index] = number;
    // Checked after the copy: a number that is finite in JSON can be too large for 32 bits.
    if (!Number.isFinite(vector[index])) throw badVectors('a vector with a number that is not finite');
  }
  return vector;
}

function badVectors(what: string): PilotlightError {
  return new PilotlightError('SERVER_ERROR', {
    message: `The server answered with ${what}.`,
    details: { phase: 'answer', server: what },
  });
}
