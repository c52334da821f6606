/** What kind of content a file or an address is, by its name. Pure. */
import type { ContentType } from '../../../shared/models/tasks.ts';

const IMAGES = 'jpg jpeg png gif webp bmp tif tiff heic heif avif';
const AUDIO = 'mp3 wav flac m4a aac ogg oga opus wma aiff';
const VIDEOS = 'mp4 mkv mov avi webm m4v mpg mpeg wmv flv';
const kinds = new Map<string, ContentType>([
  ...IMAGES.split(' ').map((ending): [string, ContentType] => [ending, 'image']),
  ...AUDIO.split(' ').map((ending): [string, ContentType] => [ending, 'audio']),
  ...VIDEOS.split(' ').map((ending): [string, ContentType] => [ending, 'video']),
]);

const youtubeHosts = new Set(['youtube.com', 'youtu.be', 'youtube-nocookie.com']);

const endingOf = (name: string) => /\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? '';

export const contentTypeOfName = (name: string): ContentType => kinds.get(endingOf(name)) ?? 'document';

export function contentTypeOfUrl(address: string): ContentType {
  if (!URL.canParse(address)) return 'web';
  const { hostname, pathname } = new URL(address);
  const host = hostname.toLowerCase().replace(/^(www|m|music)\./, '');
  if (youtubeHosts.has(host)) return 'youtube';
  return kinds.get(endingOf(pathname)) ?? 'web';
}
