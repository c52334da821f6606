/** The folder with releases: by https, because who checks for updates, and when, is nobody else's business. */
import { parseWebUrl } from './web-address.ts';

/** On this computer itself, plain http will do. */
export function isUpdateAddress(text: string): boolean {
  const url = parseWebUrl(text);
  if (url === null) return false;
  return url.protocol === 'https:' || isThisComputer(url);
}

export const isThisComputer = ({ hostname }: Pick<URL, 'hostname'>): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
