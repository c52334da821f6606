import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import type { OpeningPlace } from '../host/opening-pages.ts';
import { openingPlace, readHandlers } from './default-browser.ts';

export interface BrowserFacts {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
}

/** The panel that a browser opens. */
export interface PanelToOpen {
  /** Without a token: it shows how to sign in, unless the browser is signed in. */
  url: string;
  /** A private page that signs the browser in; null if there can be none. */
  createPage(place: OpeningPlace): Promise<string | null>;
}

/**
 * The program that opens an address in the person's browser, started without a shell; null if there is no display.
 * `url` is ours: a loopback address or a file, without spaces or secrets, because every user can read it.
 */
export function browserCommand(url: string, { platform, env }: BrowserFacts): [string, string[]] | null {
  if (platform === 'darwin') return ['open', [url]];
  // `start` is built into the Windows shell; this program does the same without one.
  if (platform === 'win32') return ['rundll32.exe', ['url.dll,FileProtocolHandler', url]];
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return null;
  return ['xdg-open', [url]];
}

/** Opens the browser if possible. A failure is ignored, because the address is printed too. */
export async function openBrowser({ url, createPage }: PanelToOpen): Promise<void> {
  const { platform, env } = process;
  if (browserCommand(url, { platform, env }) === null) return;
  const isDesktop = platform === 'darwin' || platform === 'win32';
  const place = isDesktop ? 'private' : openingPlace(await readHandlers(env));
  const page = place === null ? null : await createPage(place).catch(() => null);
  const target = page === null ? url : pathToFileURL(page).href;
  const [program, args] = browserCommand(target, { platform, env }) ?? [];
  if (program === undefined) return;
  const child = spawn(program, args ?? [], {
    stdio: 'ignore',
    detached: true,
    shell: false,
    windowsHide: true,
  });
  child.on('error', () => {});
  child.unref();
}
