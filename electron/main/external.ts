/** The only addresses that the system's browser is asked to open, and only by a click. */
const allowed: readonly string[] = ['https://ollama.com', 'https://docs.ollama.com'];

/** The address to give to the system's browser, or null. Whatever else a page asks for is not opened at all. */
export function externalTarget(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return null;
  return allowed.includes(url.origin) ? url.href : null;
}
