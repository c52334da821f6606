import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

export interface PanelFile {
  body: Buffer | string;
  headers: Record<string, string>;
}

export interface PanelOptions {
  /** Folder of the built panel. */
  root: string;
  /** Names the core to the page. Default: none, for a page that has a link of its own. */
  coreId?: string;
  /** The content security policy of its page. Default: that of a page on our loopback port. */
  policy?: (page: { nonce: string; host: string }) => string;
}

export interface Panel {
  /** The file of a URL path (decoded, without a query), or null. `/` and the paths of pages give the panel itself. */
  file(path: string, host: string): Promise<PanelFile | null>;
}

/**
 * The files of the built panel. Only files found by a walk of `root` are served, by their exact names: a path is never
 * built from a request, and links are not followed, so nothing outside can be reached.
 */
export function createPanel({ root, coreId = '', policy = contentSecurityPolicy }: PanelOptions): Panel {
  let known: Map<string, string> | null = null;

  async function walk(): Promise<Map<string, string>> {
    const files = new Map<string, string>();
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      files.set(`/${relative(root, file).split(sep).join('/')}`, file);
    }
    return files;
  }

  async function index(host: string): Promise<PanelFile | null> {
    // A new build has other names: reloading the panel reads a new list.
    known = await walk();
    const file = known.get('/index.html');
    if (file === undefined) return null;
    const nonce = randomBytes(16).toString('base64');
    const html = await readFile(file, 'utf8');
    return {
      body: html.replaceAll('__CSP_NONCE__', nonce).replaceAll('__CORE_ID__', coreId),
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': policy({ nonce, host }),
      },
    };
  }

  return {
    async file(path, host) {
      if (path === '/' || path === '/index.html') return index(host);
      known ??= await walk();
      const file = known.get(path);
      if (file === undefined) return extname(path) === '' ? index(host) : null;
      return {
        body: await readFile(file),
        headers: {
          'content-type': contentTypes[extname(file).toLowerCase()] ?? 'application/octet-stream',
          'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        },
      };
    },
  };
}

/** The policy of the panel's page. `host` is the validated `Host` of the request. */
function contentSecurityPolicy({ nonce, host }: { nonce: string; host: string }): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "media-src 'self'",
    "font-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Headers of every response. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};
