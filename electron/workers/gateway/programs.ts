/** What a program calls itself in its headers. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import { printable } from '../../../shared/printable.ts';

const MOST_CHARACTERS = 60;

/** Libraries name themselves; who uses them, other headers tell. */
const libraries = /^(?:mozilla|python|node|undici|axios|go-http-client|okhttp|curl|java|aiohttp)\b/i;

/** null if nothing names it. A name is only shown: it proves nothing. */
export function programOf(headers: IncomingHttpHeaders): string | null {
  if (Object.keys(headers).some((name) => name.startsWith('x-openwebui-'))) return 'Open WebUI';
  // As programs name themselves to routers of models.
  const title = headers['x-title'];
  if (typeof title === 'string' && title.trim() !== '') return shortened(title);
  const agent = headers['user-agent'];
  if (agent === undefined || agent.trim() === '') return null;
  // The product, without its version: a new version is the same program.
  const product = agent.trim().split('/')[0] ?? '';
  return libraries.test(product) ? shortened(product.split(/\s/)[0] ?? '') : shortened(product);
}

const shortened = (text: string): string | null => printable(text).trim().slice(0, MOST_CHARACTERS) || null;
