import { spawn } from 'node:child_process';

export interface BrowserFacts {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The program that opens an address in the person's browser, started without a shell; null if there is no display.
 * `url` is ours: http, loopback, no spaces.
 */
export function browserCommand(url: string, { platform, env }: BrowserFacts): [string, string[]] | null {
  if (platform === 'darwin') return ['open', [url]];
  // `start` is built into the Windows shell; this program does the same without one.
  if (platform === 'win32') return ['rundll32.exe', ['url.dll,FileProtocolHandler', url]];
  if (!env.DISPLAY && !env.WAYLAND_DISPLAY) return null;
  return ['xdg-open', [url]];
}

/** Opens the browser if possible. A failure is ignored, because the address is printed too. */
export function openBrowser(url: string): void {
  const command = browserCommand(url, { platform: process.platform, env: process.env });
  if (command === null) return;
  const [program, args] = command;
  const child = spawn(program, args, { stdio: 'ignore', detached: true, shell: false, windowsHide: true });
  child.on('error', () => {});
  child.unref();
}
