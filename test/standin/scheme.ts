/**
 * The program's own scheme as an https origin that cannot resolve: Chromium gives it the rights of a secure page,
 * and every request of it is answered by the handler that the program registered.
 */
type Handler = (request: Request) => Response | Promise<Response>;

const registered = new Set<string>();
const handlers = new Map<string, Handler>();

export const protocol = {
  registerSchemesAsPrivileged(schemes: readonly { scheme: string }[]): void {
    for (const { scheme } of schemes) registered.add(scheme);
  },
  handle(scheme: string, handler: Handler): void {
    handlers.set(scheme, handler);
  },
};

/** `pilotlight://panel/a` → `https://panel.pilotlight.invalid/a`. Other addresses stay. */
export function toPage(url: string): string {
  const parts = /^([a-z]+):\/\/([^/?#]+)(.*)$/s.exec(url);
  const [, scheme, host, rest] = parts ?? [];
  return scheme !== undefined && registered.has(scheme) ? `https://${host}.${scheme}.invalid${rest}` : url;
}

/** The other way. */
export function fromPage(url: string): string {
  const parts = /^https:\/\/([^/?#]+)\.([a-z]+)\.invalid(.*)$/s.exec(url);
  const [, host, scheme, rest] = parts ?? [];
  return scheme !== undefined && registered.has(scheme) ? `${scheme}://${host}${rest}` : url;
}

/** What the program answers, or null where it has no handler for the scheme. */
export async function answer(url: string, method: string): Promise<Response | null> {
  const handler = handlers.get(url.slice(0, url.indexOf(':')));
  return handler === undefined ? null : handler(new Request(url, { method }));
}
