/** Names of credentials: two live ones of a kind never have the same. Pure. */

/** Equal for names that people would read as the same. */
export const nameKey = (name: string): string => name.trim().normalize('NFKC').toLowerCase();

/** The name, with the first free number if it is taken: `Firefox on Linux 2`. */
export function freeName(name: string, taken: Iterable<string>): string {
  const keys = new Set([...taken].map(nameKey));
  if (!keys.has(nameKey(name))) return name;
  let number = 2;
  while (keys.has(nameKey(`${name} ${number}`))) number += 1;
  return `${name} ${number}`;
}

/** In order: the browsers that call themselves by other names too come first. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bFirefox\//, 'Firefox'],
  [/\bHeadlessChrome\//, 'Headless Chrome'],
  [/\bChromium\//, 'Chromium'],
  [/\bChrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\bWindows\b/, 'Windows'],
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** What to call the session of a browser with this User-Agent: `Firefox on Linux`. */
export function browserName(userAgent: string | undefined): string {
  const find = (names: typeof browsers) => names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1];
  const [browser, system] = [find(browsers) ?? 'Browser', find(systems)];
  return system === undefined ? browser : `${browser} on ${system}`;
}
