/** Which field an error about a new model belongs to, and a name for it. Pure. */
import type { WireError } from '../../../shared/contract/errors.ts';

export interface AddErrors {
  path?: string;
  name?: string;
}

const ofName = new Set(['ALREADY_EXISTS', 'RUNNER_BAD_NAME']);
const ofPath = new Set(['RUNNER_BAD_MODEL', 'RUNNER_BAD_GRAPH', 'RUNNER_BAD_FIELD']);

/** Empty for an error that belongs to no field. */
export function addErrors(error: WireError | null): AddErrors {
  if (error === null) return {};
  const text = [error.message, error.next].filter(Boolean).join(' ');
  const { field, code } = error.details ?? {};
  if (field === 'path' || field === 'name') return { [field]: text };
  // What the runner said, where the core has no code of its own for it.
  const said = typeof code === 'string' && code !== '' ? code : error.code;
  if (ofName.has(error.code) || ofName.has(said)) return { name: text };
  return ofPath.has(error.code) || ofPath.has(said) ? { path: text } : {};
}

const nextOf: Readonly<Record<string, string>> = {
  RUNNER_OUT_OF_MEMORY: 'Drop other models from memory, or use a smaller one, then try again.',
  RUNNER_BAD_MODEL: 'Correct its folder, then try again.',
  RUNNER_BAD_GRAPH: 'Export or download the model again, then try again.',
  RUNNER_NAN: 'Add its float32 version: float16 is too small for some of its numbers.',
};

/** What helps if a model could not be loaded; empty where the message says it already. */
export const nextForModel = (code: string): string => nextOf[code] ?? '';

/** `/models/all MiniLM (v2)/` → `all-MiniLM-v2`; empty if nothing of it can be a name. */
export function nameFromPath(path: string): string {
  const last = path.split(/[\\/]/).findLast((part) => part.trim() !== '') ?? '';
  return last
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, 100);
}
