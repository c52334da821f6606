/** How to open a page in the person's browser on Linux, without showing its content to anything else. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpeningPlace } from '../host/opening-pages.ts';

/** What the desktop says about the programs that open a page. */
export interface HandlerFacts {
  /** The desktop entry that opens a file with HTML, such as `firefox.desktop`; null if unknown. */
  file: string | null;
  /** The one that opens an address. */
  address: string | null;
  /** The command of a desktop entry; null if it cannot be read. */
  commandOf(entry: string): string | null;
}

/**
 * Where to put the page that the browser opens; null if a file would be opened by another program, which would show
 * what is in it. A browser in a sandbox reads no hidden folder. Pure.
 */
export function openingPlace({ file, address, commandOf }: HandlerFacts): OpeningPlace | null {
  if (file !== null && address !== null && file !== address) return null;
  const entry = file ?? address;
  const command = entry === null ? null : commandOf(entry);
  // Whatever is not known could be a sandbox.
  if (entry === null || command === null) return 'downloads';
  return /(^|[/\s])(snap|flatpak)([/\s]|$)/.test(command) ? 'downloads' : 'private';
}

const ANSWER_MS = 3000;

/** Asks the desktop. Never rejects. */
export async function readHandlers(env: Readonly<Record<string, string | undefined>>): Promise<HandlerFacts> {
  const [file, address] = await Promise.all(
    ['text/html', 'x-scheme-handler/http'].map((type) => handlerOf(type)),
  );
  return { file: file ?? null, address: address ?? null, commandOf: (entry) => readCommand(entry, env) };
}

function handlerOf(type: string): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('xdg-mime', ['query', 'default', type], { timeout: ANSWER_MS }, (error, output) => {
      const entry = String(output ?? '').trim();
      resolve(error === null && /^[\w.-]+\.desktop$/.test(entry) ? entry : null);
    });
  });
}

/** With the path of the entry, which also names a sandbox. */
function readCommand(entry: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const home = env.XDG_DATA_HOME || join(env.HOME ?? '/', '.local', 'share');
  const shared = env.XDG_DATA_DIRS || '/usr/local/share:/usr/share';
  for (const folder of [home, ...shared.split(':')]) {
    const path = join(folder, 'applications', entry);
    try {
      const command = /^Exec=(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1];
      if (command !== undefined) return `${path} ${command}`;
    } catch {}
  }
  return null;
}
