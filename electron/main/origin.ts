import { mediaPath } from '../../shared/models/media-types.ts';

/** The scheme of the window's page. Only Electron serves it: no web page and no other program can. */
export const panelScheme = 'pilotlight';
const panelHost = 'panel';
const panelOrigin = `${panelScheme}://${panelHost}`;
export const panelUrl = `${panelOrigin}/`;

/** Whether a URL is a page or file of the panel. One that cannot be parsed, or has a user or a port, is not. */
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

/** The sender of a request for a link. Electron reports null for a frame that no longer exists. */
export interface LinkSender {
  frameUrl: string | null | undefined;
  isMainFrame: boolean;
}

/** Whether a frame may link to the core: only the window's main frame, while it shows the panel. */
export function mayLink({ frameUrl, isMainFrame }: LinkSender): boolean {
  return isMainFrame && typeof frameUrl === 'string' && isPanelUrl(frameUrl);
}

/**
 * Whether the window may load a URL at all. All the panel needs comes by its own scheme, and its data over
 * the link, so it never needs the network.
 */
export function mayRequest(url: string): boolean {
  const parsed = parse(url);
  if (parsed === null) return false;
  if (parsed.protocol === 'blob:') return isPanelUrl(parsed.pathname);
  return parsed.protocol === 'devtools:' || parsed.protocol === 'data:' || isPanelUrl(url);
}

/** Whether the window may save a file: one that the panel made, such as an export, or what it would play or show. */
export function mayKeep(url: string): boolean {
  const parsed = parse(url);
  if (parsed === null) return false;
  if (parsed.protocol === 'blob:') return isPanelUrl(parsed.pathname);
  return isPanelUrl(url) && parsed.pathname === mediaPath;
}

function parse(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}
