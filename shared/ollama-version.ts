/** The first versions of Ollama that can do what Pilotlight needs. */
export const OLLAMA_SINCE = { ps: '0.1.38', embed: '0.3.4' } as const;

/** Compares numbers with dots; what follows them (`-rc2`) does not count. False for a version that is no number. */
export function isOlderVersion(version: string, than: string): boolean {
  const [one, other] = [numbersOf(version), numbersOf(than)];
  if (one.length === 0) return false;
  for (const [index, wanted] of other.entries()) {
    const part = one[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}

function numbersOf(version: string): number[] {
  const found = /^\D*(\d{1,9}(?:\.\d{1,9})*)/.exec(version)?.[1];
  return found === undefined ? [] : found.split('.').map(Number);
}
