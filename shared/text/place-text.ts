/** Where a passage is, for people and for the programs that open it. */
import type { Place } from '../models/places.ts';

/** `page 3`, `sheet "Costs"`, `at 1:02:05`. */
export function placeText({ kind, number, name }: Place): string {
  if (kind === 'time') return `at ${clockTime(number)}`;
  return name === null ? `${kind} ${number}` : `${kind} "${name}"`;
}

/** The address of a page or recording, so that it opens at the place; unchanged where there is no form for that. */
export function addressAt(origin: string, place: Place | undefined): string {
  if (place === undefined || !/^https?:\/\/[^#]*$/.test(origin)) return origin;
  if (place.kind === 'page') return `${origin}#page=${place.number}`;
  if (place.kind !== 'time') return origin;
  const second = Math.floor(place.number);
  return isYoutube(origin) ? youtubeAt(origin, second) : `${origin}#t=${second}`;
}

const youtubeHosts: ReadonlySet<string> = new Set([
  'youtube.com',
  'www.youtube.com',
  'm.youtube.com',
  'music.youtube.com',
  'youtu.be',
]);

export const isYoutube = (origin: string): boolean =>
  URL.canParse(origin) && youtubeHosts.has(new URL(origin).hostname);

/** YouTube reads the second from the query. */
function youtubeAt(origin: string, second: number): string {
  const url = new URL(origin);
  url.searchParams.set('t', `${second}s`);
  return url.href;
}

/** The same for an address of the web; undefined for the name of a file. */
export const webAddressAt = (origin: string, place: Place | undefined): string | undefined =>
  /^https?:\/\//.test(origin) ? addressAt(origin, place) : undefined;

export function clockTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
