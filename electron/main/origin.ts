/** The scheme of the window's page. It is Electron's own: no web page and no other program can serve it. */
export const panelScheme = 'pilotlight';
const panelHost = 'panel';
const panelOrigin = `${panelScheme}://${panelHost}`;
export const panelUrl = `${panelOrigin}/`;

/** Whether a URL is a page or file of the panel. What cannot be parsed, or names a user or a port, is not. */
export function isPanelUrl(url: string): boolean {
  const parsed = parse(url);
  if (parsed === null) return false;
  return (
    parsed.protocol === `${panelScheme}:` &&
    parsed.host === panelHost &&
    parsed.username === '' &&
    parsed.password === ''
  );
}

/** What asked for a link. Electron gives null for a frame that is gone by now. */
export interface LinkSender {
  frameUrl: string | null | undefined;
  isMainFrame: boolean;
}

/** Whether a frame may have a link to the core: the window's main frame, while it shows the panel. */
export function mayLink({ frameUrl, isMainFrame }: LinkSender): boolean {
  return isMainFrame && typeof frameUrl === 'string' && isPanelUrl(frameUrl);
}

/**
 * Whether the window may load a URL at all. Everything the panel needs has its own scheme; its data comes over
 * the link, so no request for the network is ever right.
 */
export function mayRequest(url: string): boolean {
  const parsed = parse(url);
  if (parsed === null) return false;
  if (parsed.protocol === 'blob:') return isPanelUrl(parsed.pathname);
  return parsed.protocol === 'devtools:' || parsed.protocol === 'data:' || isPanelUrl(url);
}

/** Whether the window may hand a person a file: only one that the panel has made itself, such as its export. */
export function mayKeep(url: string): boolean {
  const parsed = parse(url);
  return parsed?.protocol === 'blob:' && isPanelUrl(parsed.pathname);
}

function parse(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}
