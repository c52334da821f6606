const key = 'pilotlight.searches';
const kept = 8;

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** What was searched for in this browser, latest first. */
export function readSearches(storage: Pick<Storage, 'getItem'> = localStorage): string[] {
  try {
    const texts: unknown = JSON.parse(storage.getItem(key) ?? '[]');
    return Array.isArray(texts) ? texts.filter((text) => typeof text === 'string').slice(0, kept) : [];
  } catch {
    return [];
  }
}

/** Puts it first. Shorter beginnings of it are dropped: they were searched while it was typed. */
export function rememberSearch(text: string, storage: Kept = localStorage): void {
  const wanted = text.trim();
  if (wanted === '') return;
  const others = readSearches(storage).filter((one) => !wanted.toLowerCase().startsWith(one.toLowerCase()));
  try {
    storage.setItem(key, JSON.stringify([wanted, ...others].slice(0, kept)));
  } catch {
    // The storage is full or forbidden.
  }
}

export function forgetSearches(storage: Kept = localStorage): void {
  try {
    storage.removeItem(key);
  } catch {
    // The storage is forbidden, so nothing was kept.
  }
}
