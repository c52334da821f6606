/** The target of a request, and what the gateway reads from its path: `/k/KEY` and `/n/NODE` before the rest. Pure. */

export interface Target {
  /** Without key, node and query. */
  path: string;
  /** With its question mark; empty for none. */
  query: string;
  key: string | null;
  /** Id or name of the node that must serve it. */
  node: string | null;
}

/** null for a target that is not a path, such as an absolute URL, or that cannot be decoded. */
export function readTarget(url: string): Target | null {
  if (!url.startsWith('/')) return null;
  const mark = url.indexOf('?');
  const query = mark < 0 ? '' : url.slice(mark);
  let path = mark < 0 ? url : url.slice(0, mark);
  const found: { k: string | null; n: string | null } = { k: null, n: null };
  for (;;) {
    const match = /^\/([kn])\/([^/]+)(\/.*)?$/.exec(path);
    const kind = match?.[1] as 'k' | 'n' | undefined;
    if (match === null || kind === undefined || found[kind] !== null) break;
    const value = decoded(match[2] ?? '');
    if (value === null) return null;
    found[kind] = value;
    path = match[3] ?? '/';
  }
  return { path, query, key: found.k, node: found.n };
}

/** null for an escape that is none. */
export function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
