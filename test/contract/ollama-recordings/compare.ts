/**
 * Compares an answer of the simulator with a recorded one: status, headers, framing, keys and their order, and values.
 * What depends on the machine, the model or the time is compared by its shape. Returns the differences as sentences.
 */
import type { RawResponse } from './raw-http.ts';
import { listLength, type RecordedResponse } from './recordings.ts';

export interface Moment {
  /** When the recorded answer was sent, milliseconds since the epoch. */
  recorded: number;
  /** The simulator’s time now. */
  simulated: number;
}

const HEADERS = [
  'content-type',
  'allow',
  'location',
  'vary',
  'access-control-allow-origin',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
];

/** Seconds by which an expiry may differ: both count from their own load. */
const EXPIRY_SLACK_MS = 4000;
const FOR_EVER = Date.UTC(2300, 0, 1);

export function compareResponses(
  recorded: RecordedResponse,
  got: RawResponse | null,
  method: string,
  simulatedNow: number,
): string[] {
  if (got === null) return ['there was no answer'];
  const differences: string[] = [];
  const headers = headersOf(recorded);
  const say = (what: string, wanted: unknown, seen: unknown) => {
    if (JSON.stringify(wanted) !== JSON.stringify(seen))
      differences.push(`${what}: recorded ${JSON.stringify(wanted)}, got ${JSON.stringify(seen)}`);
  };
  say('status', recorded.status, got.status);
  for (const name of HEADERS) say(name, headers.get(name) ?? null, got.headers.get(name) ?? null);
  const moment = { recorded: Date.parse(headers.get('date') ?? ''), simulated: simulatedNow };
  if (method !== 'HEAD' && recorded.status !== 204)
    say('in chunks', headers.get('transfer-encoding') === 'chunked', got.chunked);
  if (recorded.text !== undefined) say('text', recorded.text, got.text);
  if (recorded.json !== undefined) {
    say('ends with a line break', recorded.endsWithNewline ?? false, got.text.endsWith('\n'));
    differences.push(...compareValues(recorded.json, parsed(got.text), moment));
  }
  if (recorded.chunks !== undefined) {
    const wanted = recorded.chunks.map(({ data }) => data);
    say('number of chunks', wanted.length, got.chunks.length);
    for (const [index, chunk] of wanted.entries())
      differences.push(...compareChunks(chunk, got.chunks[index] ?? '', `chunk ${index}`, moment));
  }
  return differences;
}

function headersOf({ headers }: RecordedResponse): Map<string, string> {
  const byName = new Map<string, string>();
  for (const line of headers) {
    const at = line.indexOf(':');
    const name = line.slice(0, at).toLowerCase();
    const value = line.slice(at + 1).trim();
    byName.set(name, byName.has(name) ? `${byName.get(name)}, ${value}` : value);
  }
  return byName;
}

/** Lines of JSON, or server-sent events. */
function compareChunks(wanted: string, got: string, where: string, moment: Moment): string[] {
  const pieces = (text: string) => text.split('\n').filter((line) => line !== '');
  const [left, right] = [pieces(wanted), pieces(got)];
  if (left.length !== right.length) return [`${where}: recorded ${left.length} lines, got ${right.length}`];
  if (wanted.endsWith('\n') !== got.endsWith('\n')) return [`${where}: it does not end alike`];
  return left.flatMap((line, index) => {
    const other = right[index] ?? '';
    const [prefix = '', json] = split(line);
    const [otherPrefix = '', otherJson] = split(other);
    if (prefix !== otherPrefix) return [`${where}: recorded ${line}, got ${other}`];
    if (json === undefined) return line === other ? [] : [`${where}: recorded ${line}, got ${other}`];
    return compareValues(json, otherJson, moment, where);
  });
}

function split(line: string): [string, unknown] {
  const prefix = line.startsWith('data: ') ? 'data: ' : '';
  return [prefix, parsed(line.slice(prefix.length))];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Rule = (wanted: unknown, got: unknown, moment: Moment) => boolean;

const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
const bothWhole: Rule = (wanted, got) => isWhole(wanted) && isWhole(got);
const bothTexts: Rule = (wanted, got) =>
  typeof wanted === 'string' && typeof got === 'string' && (wanted === '') === (got === '');

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
/** In the same zone, with up to nine digits of a second. */
const bothTimes: Rule = (wanted, got) => {
  const zones = [wanted, got].map((one) => TIME.exec(String(one))?.[1]);
  return zones[0] !== undefined && zones[0] === zones[1];
};
const bothExpiries: Rule = (wanted, got, moment) => {
  const [one, other] = [Date.parse(String(wanted)), Date.parse(String(got))];
  if (!bothTimes(wanted, got, moment)) return false;
  if (one > FOR_EVER || other > FOR_EVER)
    return new Date(one).getFullYear() - new Date(other).getFullYear() < 2;
  return Math.abs(one - moment.recorded - (other - moment.simulated)) < EXPIRY_SLACK_MS;
};

/** Values that are not the same on two machines, by their name. */
const RULES: Readonly<Record<string, Rule>> = {
  created_at: bothTimes,
  modified_at: bothTimes,
  expires_at: bothExpiries,
  total_duration: bothWhole,
  load_duration: bothWhole,
  prompt_eval_duration: bothWhole,
  eval_duration: bothWhole,
  prompt_eval_count: bothWhole,
  prompt_tokens: bothWhole,
  total_tokens: bothWhole,
  created: bothWhole,
  response: bothTexts,
  content: bothTexts,
  text: bothTexts,
  context: (wanted, got) => [wanted, got].every((list) => Array.isArray(list) && list.length > 0),
  id: (wanted, got) => letters(wanted) === letters(got),
  version: (wanted, got) => numbers(wanted) === numbers(got),
  // What an embedding is in base64 depends on its numbers, but not how long it is.
  embedding: (wanted, got) =>
    typeof wanted === 'string'
      ? typeof got === 'string' && wanted.length === got.length
      : bothVectors(wanted, got),
  embeddings: (wanted, got) =>
    Array.isArray(wanted) &&
    Array.isArray(got) &&
    wanted.length === got.length &&
    wanted.every((vector, index) => bothVectors(vector, got[index])),
};

const letters = (value: unknown) => String(value).replace(/\d+/g, 'N');
const numbers = (value: unknown) => /^\d+\.\d+\.\d+/.exec(String(value))?.[0];

function bothVectors(wanted: unknown, got: unknown): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(got)) return false;
  return (
    got.length === (listLength(wanted) ?? wanted.length) && got.every((value) => typeof value === 'number')
  );
}

/** Texts with paths, ports, sizes and counts of another machine. */
function sameText(wanted: string, got: string): boolean {
  if (wanted === got) return true;
  const anyNumbers = /process has terminated|do embedding request|exceed_context_size|using existing layer/;
  const plain = (text: string) =>
    text.replace(/sha256:[0-9a-f]{64}/g, 'sha256:D').replace(/\d+(?:\.\d+)?/g, 'N');
  if (anyNumbers.test(wanted)) return plain(wanted) === plain(got);
  const pattern = wanted
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('<models>', '\\S+')
    .replaceAll('<registry>', '[a-z.]+');
  return new RegExp(`^${pattern}$`).test(got);
}

export function compareValues(wanted: unknown, got: unknown, moment: Moment, where = 'json'): string[] {
  if (Array.isArray(wanted)) return compareLists(wanted, got, moment, where);
  if (typeof wanted === 'object' && wanted !== null)
    return compareObjects(wanted as Fields, got, moment, where);
  const same = typeof wanted === 'string' && typeof got === 'string' ? sameText(wanted, got) : wanted === got;
  return same ? [] : [`${where}: recorded ${show(wanted)}, got ${show(got)}`];
}

type Fields = Record<string, unknown>;

function compareObjects(wanted: Fields, got: unknown, moment: Moment, where: string): string[] {
  if (typeof got !== 'object' || got === null || Array.isArray(got))
    return [`${where}: recorded an object, got ${show(got)}`];
  const other = got as Fields;
  const differences: string[] = [];
  if (Object.keys(wanted).join() !== Object.keys(other).join())
    differences.push(`${where}: recorded the keys ${Object.keys(wanted)}, got ${Object.keys(other)}`);
  for (const [key, value] of Object.entries(wanted)) {
    const path = `${where}.${key}`;
    const rule = key === 'eval_count' && wanted.done_reason === 'stop' ? bothWhole : RULES[key];
    if (isLoaded(wanted) && (key === 'size' || key === 'size_vram')) {
      if (key === 'size' && placementOf(wanted) !== placementOf(other))
        differences.push(`${where}: recorded on ${placementOf(wanted)}, got ${placementOf(other)}`);
    } else if (rule === undefined) differences.push(...compareValues(value, other[key], moment, path));
    else if (!rule(value, other[key], moment))
      differences.push(`${path}: recorded ${show(value)}, got ${show(other[key])}`);
  }
  return differences;
}

const isLoaded = (fields: Fields) => 'size_vram' in fields;

function placementOf({ size, size_vram }: Fields): string {
  const [whole, vram] = [Number(size), Number(size_vram)];
  return vram === 0 ? 'the CPU' : vram === whole ? 'the GPU' : vram < whole ? 'both' : 'neither';
}

function compareLists(wanted: readonly unknown[], got: unknown, moment: Moment, where: string): string[] {
  if (!Array.isArray(got)) return [`${where}: recorded a list, got ${show(got)}`];
  const cut = listLength(wanted);
  const length = cut ?? wanted.length;
  if (got.length !== length) return [`${where}: recorded ${length} entries, got ${got.length}`];
  // Of a list that was cut only its length and the kind of its entries are known.
  if (cut !== null)
    return typeof got[0] === typeof wanted[0] ? [] : [`${where}: recorded ${show(wanted)}, got ${show(got)}`];
  const [left, right] = [inOrder(wanted), inOrder(got)];
  const order = areLoaded(wanted) && areLoaded(got) ? compareOrder(wanted, got, where) : [];
  const differences = left.flatMap((one, index) =>
    compareValues(one, right[index], moment, `${where}.${index}`),
  );
  return [...order, ...differences];
}

const areLoaded = (list: readonly unknown[]): list is Fields[] =>
  list.every((one) => typeof one === 'object' && one !== null && 'expires_at' in one);

/** Models that expire in the same second are listed in any order; this far apart they never are in the same one. */
const ORDERED_MS = 2000;

function compareOrder(wanted: readonly Fields[], got: readonly Fields[], where: string): string[] {
  const places = wanted.map(({ name }) => got.findIndex((one) => one.name === name));
  const expires = wanted.map((one) => Date.parse(String(one.expires_at)));
  return wanted.flatMap(({ name }, index) => {
    const earlier = places.filter(
      (place, other) =>
        other < index &&
        (expires[other] ?? 0) - (expires[index] ?? 0) >= ORDERED_MS &&
        place > (places[index] ?? 0),
    );
    return earlier.length > 0 ? [`${where}: ${name} is listed too early`] : [];
  });
}

/** Models that were made in the same second come in any order, and those that are loaded are compared by their name. */
function inOrder(list: readonly unknown[]): readonly unknown[] {
  const key = (one: unknown) => {
    const { modified_at, created, id, name, expires_at } = (one ?? {}) as Fields;
    if (expires_at !== undefined) return String(name);
    if (typeof modified_at === 'string')
      return `${9e15 - Math.floor(Date.parse(modified_at) / 1000)} ${name}`;
    return typeof created === 'number' && typeof id === 'string' ? `${9e15 - created} ${id}` : '';
  };
  return list.every((one) => key(one) !== '')
    ? list.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
    : list;
}

const show = (value: unknown) => String(JSON.stringify(value)).slice(0, 160);
