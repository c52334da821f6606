/**
 * Names of models as a server accepts them: `llama3.2`, `llama3.2:3b`, `team/model:tag`, `hf.co/team/model:Q4_K_M`,
 * `registry.lan:5000/team/model`. Pure.
 */

const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::\d{1,5})?$/;
const MOST_PART = 80;
const MOST_HOST = 350;

/** `empty`, `address` for a web address, or `shape`; null for a name that can be pulled. */
export function modelNameProblem(name: string): 'empty' | 'address' | 'shape' | null {
  const text = name.trim();
  if (text === '') return 'empty';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'address';
  const slash = text.lastIndexOf('/');
  const colon = text.indexOf(':', slash + 1);
  const tag = colon < 0 ? null : text.slice(colon + 1);
  const parts = (colon < 0 ? text : text.slice(0, colon)).split('/');
  if (parts.length > 3 || (tag !== null && !isPart(tag))) return 'shape';
  const host = parts.length === 3 ? parts.shift() : undefined;
  if (host !== undefined && (!HOST.test(host) || host.length > MOST_HOST)) return 'shape';
  return parts.every(isPart) ? null : 'shape';
}

const isPart = (part: string) => part.length <= MOST_PART && PART.test(part);
