import { mediaPath } from '../../shared/models/media-types.ts';
import type { Panel } from '../transport/http/panel.ts';
import { isPanelUrl } from './origin.ts';
import type { DesktopHost } from './shell-core.ts';

/** The security policy of the window's page. It connects to nothing: its data comes over a MessagePort. */
export function windowSecurityPolicy({ nonce }: { nonce: string }): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "media-src 'self'",
    "manifest-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const headers: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Answers the window's requests: GET for files of the panel, and for what it plays and shows; nothing else. */
export function createPanelHandler({
  panel,
  media,
}: {
  panel: Panel;
  media: DesktopHost['media'];
}): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET') return refuse(405);
    if (!isPanelUrl(request.url)) return refuse(403);
    const { pathname, search } = new URL(request.url);
    if (pathname === mediaPath) return media(search, request).catch(() => refuse(502));
    const path = decodePath(pathname);
    if (path === null) return refuse(400);
    const file = await panel.file(path, '');
    if (file === null) return refuse(404);
    // A Buffer may share its memory with others: copy its own bytes only.
    const body = typeof file.body === 'string' ? file.body : new Uint8Array(file.body);
    return new Response(body, { headers: { ...headers, ...file.headers } });
  };
}

function refuse(status: number): Response {
  return new Response(null, {
    status,
    headers: { ...headers, 'content-security-policy': "default-src 'none'" },
  });
}

function decodePath(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
