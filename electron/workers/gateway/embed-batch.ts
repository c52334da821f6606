/**
 * Splits a batch of texts to embed over several nodes, and joins their answers. Pure. Bytes are copied, never parsed and
 * written again, so that each vector arrives digit for digit, or bit for bit in base64.
 */
import type { Span } from './json-bytes.ts';
import {
  elementsOf,
  kindOf,
  type Member,
  membersOf,
  replaced,
  wholeNumber,
  wholeValue,
} from './json-spans.ts';

/** The elements of `input` in a body. */
export interface Batch {
  array: Span;
  /** At least two: texts, or lists of token ids. */
  elements: readonly Span[];
}

export interface PartAnswer {
  body: Buffer;
  /** Vectors that it should have. */
  count: number;
}

export type Merged =
  | { kind: 'merged'; body: Buffer }
  /** Index of the first part that does not answer its question. */
  | { kind: 'unusable'; part: number };

/**
 * null if there is nothing to split: no valid JSON, one input, token ids of one input, or a mixture, which is for the
 * server to refuse.
 */
export function findBatch(body: Buffer): Batch | null {
  const inputs = objectIn(body)?.filter(({ key }) => key === 'input');
  const [input] = inputs ?? [];
  // The last of two would count. Rather than replace both, it is sent as it is.
  if (input === undefined || inputs?.length !== 1) return null;
  const elements = elementsOf(body, input.value);
  if (elements === null || elements.length < 2) return null;
  const kinds = new Set(elements.map((element) => kindOf(body, element)));
  const [kind] = kinds;
  if (kinds.size > 1 || (kind !== 'string' && kind !== 'array')) return null;
  return { array: input.value, elements };
}

/** How many elements each of `parts` nodes gets: as equal as possible, none without any. */
export function evenSizes(elements: number, parts: number): number[] {
  const used = Math.max(1, Math.min(elements, parts));
  return Array.from(
    { length: used },
    (_, index) => Math.floor(((index + 1) * elements) / used) - Math.floor((index * elements) / used),
  );
}

/** One body for each size, in order; everything but `input` stays as it is. The sizes add up to all elements. */
export function splitBatch(body: Buffer, { array, elements }: Batch, sizes: readonly number[]): Buffer[] {
  let next = 0;
  return sizes.map((size) => {
    const own = elements.slice(next, next + size);
    next += size;
    return replaced(body, [{ ...array, by: bracketed([sliceOf(body, own)]) }]);
  });
}

/** Joins answers of `/api/embed`. They were computed side by side, so the longest durations count. */
export function mergeEmbed(parts: readonly PartAnswer[]): Merged {
  const answers: { members: Member[]; array: Member; vectors: Buffer }[] = [];
  for (const [part, { body, count }] of parts.entries()) {
    const members = objectIn(body);
    const array = members?.find(({ key }) => key === 'embeddings');
    const elements = array ? elementsOf(body, array.value) : null;
    const complete =
      elements?.length === count && elements.every((element) => kindOf(body, element) === 'array');
    if (!members || !array || !elements || !complete) return { kind: 'unusable', part };
    answers.push({ members, array, vectors: sliceOf(body, elements) });
  }
  const [first] = answers;
  const body = parts[0]?.body;
  if (!first || !body) return { kind: 'unusable', part: 0 };

  const figures = (name: string) =>
    answers.map(({ members }, part) => numberIn(parts[part]?.body, members, name));
  const total = {
    total_duration: Math.max(...figures('total_duration')),
    load_duration: Math.max(...figures('load_duration')),
    prompt_eval_count: sum(figures('prompt_eval_count')),
  };
  const changes = [{ ...first.array.value, by: bracketed(answers.map(({ vectors }) => vectors)) }];
  let missing = '';
  for (const [name, value] of Object.entries(total)) {
    const member = first.members.find(({ key }) => key === name);
    if (member) changes.push({ ...member.value, by: Buffer.from(String(value)) });
    // Zero is left out by a server, so the first answer may lack what another one has.
    else if (value > 0) missing += `,"${name}":${value}`;
  }
  const end = (wholeValue(body) as Span).end - 1;
  changes.sort((one, other) => one.start - other.start);
  changes.push({ start: end, end, by: Buffer.from(missing) });
  return { kind: 'merged', body: replaced(body, changes) };
}

/** Joins answers of `/v1/embeddings`: the entries by their index, counted through, and the sum of the usage. */
export function mergeOpenAiEmbeddings(parts: readonly PartAnswer[]): Merged {
  const answers: { members: Member[]; data: Member }[] = [];
  const entries: Buffer[] = [];
  for (const [part, answer] of parts.entries()) {
    const members = objectIn(answer.body);
    const data = members?.find(({ key }) => key === 'data');
    const own = data ? renumbered(answer, data.value, entries.length) : null;
    if (!members || !data || !own) return { kind: 'unusable', part };
    answers.push({ members, data });
    entries.push(...own);
  }
  const [first] = answers;
  const body = parts[0]?.body;
  if (!first || !body) return { kind: 'unusable', part: 0 };

  const usages = answers.map(({ members }, part) => usageOf(parts[part]?.body, members));
  const changes = [{ ...first.data.value, by: bracketed(entries) }];
  for (const { key, value } of usages[0] ?? []) {
    if (wholeNumber(body, value) === null) continue;
    const figures = usages.map((usage, part) => numberIn(parts[part]?.body, usage, key));
    changes.push({ ...value, by: Buffer.from(String(sum(figures))) });
  }
  changes.sort((one, other) => one.start - other.start);
  return { kind: 'merged', body: replaced(body, changes) };
}

/** The entries of one answer in the order of their index; null if one is missing or twice. */
function renumbered({ body, count }: PartAnswer, data: Span, offset: number): Buffer[] | null {
  const elements = elementsOf(body, data);
  if (elements?.length !== count) return null;
  const entries = new Map<number, Buffer>();
  for (const element of elements) {
    const members = membersOf(body, element);
    const index = members?.find(({ key }) => key === 'index')?.value;
    const embedding = members?.find(({ key }) => key === 'embedding')?.value;
    const place = index ? wholeNumber(body, index) : null;
    if (!index || !embedding || place === null || place >= count) return null;
    if (!['array', 'string'].includes(kindOf(body, embedding))) return null;
    const by = Buffer.from(String(offset + place));
    const from = element.start;
    const entry = body.subarray(from, element.end);
    entries.set(place, replaced(entry, [{ start: index.start - from, end: index.end - from, by }]));
  }
  if (entries.size !== count) return null;
  return [...entries].sort(([one], [other]) => one - other).map(([, entry]) => entry);
}

function objectIn(body: Buffer): Member[] | null {
  const whole = wholeValue(body);
  return whole && membersOf(body, whole);
}

function usageOf(body: Buffer | undefined, members: readonly Member[]): Member[] {
  const usage = members.find(({ key }) => key === 'usage');
  return (usage && body && membersOf(body, usage.value)) || [];
}

/** 0 if it is missing or no whole number. */
function numberIn(body: Buffer | undefined, members: readonly Member[], name: string): number {
  const member = members.find(({ key }) => key === name);
  return (member && body && wholeNumber(body, member.value)) || 0;
}

/** From the first to the last, with what stands between them. */
function sliceOf(body: Buffer, elements: readonly Span[]): Buffer {
  const [first] = elements;
  const last = elements.at(-1);
  return first && last ? body.subarray(first.start, last.end) : Buffer.alloc(0);
}

/** Lists as one list. */
function bracketed(lists: readonly Buffer[]): Buffer {
  const comma = Buffer.from(',');
  const joined = lists
    .filter(({ length }) => length > 0)
    .flatMap((list, index) => (index === 0 ? [list] : [comma, list]));
  return Buffer.concat([Buffer.from('['), ...joined, Buffer.from(']')]);
}

const sum = (figures: readonly number[]): number => figures.reduce((total, one) => total + one, 0);
