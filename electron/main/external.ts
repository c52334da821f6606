/** The only addresses that the system's browser opens, and only on a click. */
const allowed: readonly string[] = ['https://ollama.com', 'https://docs.ollama.com'];

/** The address for the system's browser, or null. Nothing else that a page asks for is opened. */
export function externalTarget(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return null;
  return allowed.includes(url.origin) ? url.href : null;
}
