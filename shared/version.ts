/** Versions of Pilotlight: three numbers, and for a preview what follows a hyphen. Pure. */
/** Three numbers, and after a hyphen what makes it a preview: `1.4.0`, `1.5.0-beta.2`. */
export const versionPattern =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?$/;
export const isVersion = (text: string): boolean => versionPattern.test(text);

/**
 * Below 0 if `one` is older than `other`, above 0 if it is newer. A preview is older than its version, and numbers in it
 * count as numbers, so `1.2.0-beta.2` < `1.2.0-beta.10` < `1.2.0`. Throws for a text that is no version.
 */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  for (const [index, part] of a.numbers.entries()) {
    const difference = part - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.preview === null || b.preview === null)
    return (a.preview === null ? 1 : 0) - (b.preview === null ? 1 : 0);
  return comparePreviews(a.preview, b.preview);
}

/** `stable`, or the first word of a preview, such as `beta`. A preview without one is `preview`. */
export function channelOf(version: string): string {
  const { preview } = partsOf(version);
  if (preview === null) return 'stable';
  return /^[a-z]{1,20}/.exec(preview[0]?.toLowerCase() ?? '')?.[0] ?? 'preview';
}

function partsOf(version: string): { numbers: readonly number[]; preview: readonly string[] | null } {
  if (!isVersion(version)) throw new TypeError(`${version} is not a version.`);
  const hyphen = version.indexOf('-');
  return {
    numbers: (hyphen === -1 ? version : version.slice(0, hyphen)).split('.').map(Number),
    preview: hyphen === -1 ? null : version.slice(hyphen + 1).split('.'),
  };
}

function comparePreviews(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const [one, two] = [numberOf(part), numberOf(other)];
    if (one !== null && two !== null && one !== two) return one - two;
    // A number comes before a word.
    if ((one === null) !== (two === null)) return one === null ? 1 : -1;
    if (one === null && part !== other) return part < other ? -1 : 1;
  }
  return a.length - b.length;
}

const numberOf = (part: string): number | null => (/^\d+$/.test(part) ? Number(part) : null);
