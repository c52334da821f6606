/** The recordings of a real Ollama, as they lie in ../shared. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RecordedRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface RecordedResponse {
  status: number;
  /** `Name: value`, in their order. */
  headers: string[];
  json?: unknown;
  text?: string;
  chunks?: { ms: number; data: string }[];
  endsWithNewline?: boolean;
}

export interface RecordedCase {
  case: string;
  request?: RecordedRequest;
  response?: RecordedResponse | null;
  /** What was seen after it. */
  reloaded?: boolean | 'first load';
  ps?: Record<string, unknown>[];
  'memory.used MiB'?: number;
  'compute-apps'?: string[];
  [more: string]: unknown;
}

/** A case, named by its file and its place among those of the same name: `abort.json: ps at once #2`. */
export interface Recording extends RecordedCase {
  key: string;
  file: string;
}

/** By file, in their order; `gpu/…` for those with a GPU. Files that are no JSON have no cases. */
export function readRecordings(folder: string): Map<string, Recording[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.\w+$/.test(file) && file !== 'README.md')
    .sort();
  return new Map(
    files.map((file) => {
      if (!file.endsWith('.json')) return [file, []];
      const { cases } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { cases: RecordedCase[] };
      const seen = new Map<string, number>();
      return [
        file,
        cases.map((one) => {
          const count = (seen.get(one.case) ?? 0) + 1;
          seen.set(one.case, count);
          return { ...one, file, key: `${file}: ${one.case}${count > 1 ? ` #${count}` : ''}` };
        }),
      ];
    }),
  );
}

const CUT_TEXT = /^(.*?)\s?… (\d+) characters$/s;
const CUT_LIST = /^… (\d+) (?:numbers|strings)$/;

/** What was cut in a request, made as long again by repeating what is there. */
export function restored(value: unknown): unknown {
  if (typeof value === 'string') {
    const [, start = '', length] = CUT_TEXT.exec(value) ?? [];
    return length === undefined
      ? value
      : start.repeat(Math.ceil(Number(length) / start.length)).slice(0, Number(length));
  }
  if (Array.isArray(value)) {
    const length = listLength(value);
    const entries = length === null ? value : value.slice(0, -1);
    const whole = entries.map(restored);
    while (length !== null && whole.length < length) whole.push(whole[whole.length % entries.length]);
    return whole;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, restored(part)]));
}

/** The length of a list that was cut; null for a whole one. */
export function listLength(list: readonly unknown[]): number | null {
  const last = list.at(-1);
  const count = typeof last === 'string' ? CUT_LIST.exec(last)?.[1] : undefined;
  return count === undefined ? null : Number(count);
}
