/** The value of a JSON column, or null where it holds none that can be read. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== 'string') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export interface Parser<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}
