const key = 'pilotlight.palette';
const kept = 20;

/** Ids of what was chosen lately in this browser, the last first. */
export function readRecent(storage: Pick<Storage, 'getItem'> = localStorage): string[] {
  try {
    const ids: unknown = JSON.parse(storage.getItem(key) ?? '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, kept) : [];
  } catch {
    return [];
  }
}

/** Puts one in front. A browser that keeps nothing forgets it, and nothing else comes of that. */
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
