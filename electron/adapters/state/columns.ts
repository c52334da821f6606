import { parseJson } from '../../../shared/json.ts';

/** The value of a JSON column; null if it cannot be parsed. */
export function readColumn(text: unknown): unknown {
  return typeof text === 'string' ? (parseJson(text) ?? null) : null;
}

export interface Parser<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}
