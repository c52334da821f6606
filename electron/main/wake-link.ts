import { panelScheme } from './origin.ts';

/** Longer than any id or name of a node. */
const LONGEST_NODE = 200;
const LONGEST_LINK = 1000;

/**
 * The node that a link `pilotlight://wake/NODE` names, by its id or its name, or null for anything else. The link
 * may come from any web page: nothing in it is trusted, and all it can ask for is a wake.
 */
export function parseWakeLink(text: string): string | null {
  if (text.length > LONGEST_LINK || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== `${panelScheme}:` || url.host !== 'wake') return null;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null;
  const node = decode(url.pathname.replace(/^\//, '').replace(/\/$/, ''));
  if (node === null || node.trim() === '' || node.length > LONGEST_NODE) return null;
  // No separators, no control characters, and none that change the direction of text.
  return /[/\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u.test(node) ? null : node.trim();
}

/** The first wake link among the start arguments, which is how Windows and Linux pass one on. */
export function findWakeLink(argv: readonly string[]): string | null {
  return argv.find((argument) => parseWakeLink(argument) !== null) ?? null;
}

/** Finds the node by id, else by name in any case if only one node has that name. */
export function findNode<Node extends { id: string; name: string }>(
  nodes: readonly Node[],
  wanted: string,
): Node | null {
  const byId = nodes.find((node) => node.id === wanted);
  if (byId !== undefined) return byId;
  const lower = wanted.toLowerCase();
  const [byName, second] = nodes.filter((node) => node.name.toLowerCase() === lower);
  return byName !== undefined && second === undefined ? byName : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
