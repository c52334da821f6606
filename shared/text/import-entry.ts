/** What an entry of an import is about: a path, names, or a place in the file. */
export function importEntryLabel({ kind, what }: { kind: string; what: string }): string {
  if (kind === 'line') return `line ${what}`;
  const place = kind === 'node' || kind === 'folder' ? /^#(\d+)$/.exec(what)?.[1] : undefined;
  return place === undefined ? what : `${kind} ${place}`;
}
