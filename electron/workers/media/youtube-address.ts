/** The address of one YouTube video, rebuilt from its id: nothing else in the given address is passed on. Pure. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseWebUrl } from '../../../shared/network/web-address.ts';

const HOSTS = new Set(['youtube.com', 'www.youtube.com', 'm.youtube.com', 'music.youtube.com']);
const EMBEDS = new Set(['youtube-nocookie.com', 'www.youtube-nocookie.com']);
const PATHS = /^\/(?:embed|shorts|live|v)\/([^/]+)\/?$/;

/** Throws YOUTUBE_ADDRESS_WRONG. */
export function youtubeAddress(address: string): { id: string; url: string } {
  const id = idIn(address.trim());
  if (id === null || !/^[A-Za-z0-9_-]{11}$/.test(id)) throw new PilotlightError('YOUTUBE_ADDRESS_WRONG');
  return { id, url: `https://www.youtube.com/watch?v=${id}` };
}

function idIn(address: string): string | null {
  const parsed = parseWebUrl(address, { query: true });
  if (parsed === null || parsed.port !== '') return null;
  const { hostname, pathname, searchParams } = parsed;
  if (hostname === 'youtu.be') return pathname.slice(1).replace(/\/$/, '');
  const isVideo = HOSTS.has(hostname);
  if (!isVideo && !EMBEDS.has(hostname)) return null;
  if (isVideo && pathname === '/watch') return searchParams.get('v');
  return PATHS.exec(pathname)?.[1] ?? null;
}
