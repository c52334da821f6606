import type { WireError } from '../../../shared/contract/errors.ts';

/** What is wrong with each field that an error names, by its path; empty if it names none. */
export function namedFields(error: WireError | null): Partial<Record<string, string>> {
  const { field, fields } = error?.details ?? {};
  if (error !== null && typeof field === 'string') return { [field]: `${error.message} ${error.next}` };
  if (!Array.isArray(fields)) return {};
  const named = fields as { path?: unknown; message?: unknown }[];
  return Object.fromEntries(named.map(({ path, message }) => [String(path).split('.')[0], String(message)]));
}
