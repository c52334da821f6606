/** The only addresses that the system's browser opens, and only on a click. */
const allowed: readonly string[] = [
  'https://ollama.com',
  'https://docs.ollama.com',
  // A video whose text was stored, at its second.
  'https://www.youtube.com',
  'https://youtu.be',
];
/** Editors that open a file by such an address, and do nothing else with it. */
const editors: readonly string[] = ['vscode:', 'cursor:', 'vscodium:', 'zed:'];

/** The address for the system, or null. Nothing else that a page asks for is opened. */
export function externalTarget(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return null;
  const isFile =
    editors.includes(url.protocol) && url.host === 'file' && url.search === '' && url.hash === '';
  return isFile || allowed.includes(url.origin) ? url.href : null;
}
