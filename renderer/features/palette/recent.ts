const key = 'pilotlight.palette';
const kept = 20;

/** Ids of recently chosen entries in this browser, latest first. */
export function readRecent(storage: Pick<Storage, 'getItem'> = localStorage): string[] {
  try {
    const ids: unknown = JSON.parse(storage.getItem(key) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, kept) : [];
  } catch {
    return [];
  }
}

/** Moves an id to the front. Does nothing if the browser’s storage is unavailable. */
export function rememberRecent(
  id: string,
  storage: Pick<Storage, 'getItem' | 'setItem'> = localStorage,
): void {
  const ids = [id, ...readRecent(storage).filter((other) => other !== id)].slice(0, kept);
  try {
    storage.setItem(key, JSON.stringify(ids));
  } catch {
    // The storage is full or forbidden.
  }
}
