/**
 * Private pages that send the person's browser to a one-time address. The address itself would be in the process list,
 * which every user of the computer can read.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock, Timer } from '../core/ports/time.ts';

/** Where a page is put: in the data folder, or where a browser in a sandbox can read it too. */
export type OpeningPlace = 'private' | 'downloads';

export interface OpeningPage {
  path: string;
  remove(): void;
}

export interface OpeningPages {
  /** A page that opens `url`, readable by this user only. null if it cannot be written there. */
  create(url: string, place: OpeningPlace): OpeningPage | null;
  /** Removes every page. */
  stop(): void;
}

export interface OpeningPagesOptions {
  dataFolder: string;
  /** The person's folder for downloads; null if there is none. */
  downloads: string | null;
  clock: Pick<Clock, 'timer'>;
}

/** A browser that has to be started first may take a while. */
const LIFE_MS = 2 * 60_000;
const FOLDER = 'open';
/** Lists the folders outside the data folder, so that a killed core leaves none behind. */
const ELSEWHERE = 'elsewhere';
const PREFIX = 'pilotlight-open-';

/** Removes what a killed core has left. The caller owns the data folder. */
export function createOpeningPages({ dataFolder, downloads, clock }: OpeningPagesOptions): OpeningPages {
  const own = join(dataFolder, FOLDER);
  const pages = new Set<{ remove(): void }>();
  sweep(own);

  function create(url: string, place: OpeningPlace): OpeningPage | null {
    try {
      const folder = place === 'private' ? own : newFolder();
      makePrivate(own);
      if (place === 'downloads') {
        appendFileSync(join(own, ELSEWHERE), `${folder}\n`, { mode: 0o600 });
        makePrivate(folder);
      }
      const path = join(folder, `${randomBytes(16).toString('hex')}.html`);
      writeFileSync(path, openingPage(url), { mode: 0o600, flag: 'wx' });
      return keep(path, place === 'private' ? path : folder);
    } catch {
      // A full disk, or a folder that cannot be written: the address was printed too.
      return null;
    }
  }

  function newFolder(): string {
    if (downloads === null) throw new Error('There is no folder for downloads.');
    return join(downloads, PREFIX + randomBytes(8).toString('hex'));
  }

  function keep(path: string, whole: string): OpeningPage {
    let timer: Timer | null = null;
    const page = {
      path,
      remove() {
        timer?.cancel();
        pages.delete(page);
        rmSync(whole, { recursive: true, force: true });
      },
    };
    pages.add(page);
    timer = clock.timer(LIFE_MS, page.remove);
    return page;
  }

  return {
    create,
    stop() {
      for (const page of [...pages]) page.remove();
      rmSync(own, { recursive: true, force: true });
    },
  };
}

/** A new folder or one of ours: a link or a foreign folder in its place is an error. */
function makePrivate(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!lstatSync(folder).isDirectory()) throw error;
  }
  chmodSync(folder, 0o700);
}

function sweep(own: string): void {
  for (const folder of foldersElsewhere(own)) {
    try {
      // Most of them were removed after their use; the others stay in the list behind them.
      if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) rmSync(folder, { recursive: true });
    } catch {
      // Whatever it is, it costs nothing but space: its token is worth nothing any more.
    }
  }
  try {
    rmSync(own, { recursive: true, force: true });
  } catch {
    // Whatever it is, the next page finds that it cannot be written.
  }
}

/** Only what the list could have named; none if there is no list. */
function foldersElsewhere(own: string): string[] {
  try {
    const listed = readFileSync(join(own, ELSEWHERE), 'utf8').split('\n');
    return listed.filter((folder) => /^pilotlight-open-[0-9a-f]{16}$/.test(basename(folder)));
  } catch {
    return [];
  }
}

/**
 * The page replaces itself in the history, sends no referrer, and runs nothing but its own script. The token is in the
 * fragment, which no request carries.
 */
export function openingPage(url: string): string {
  const script = `location.replace(${JSON.stringify(url).replaceAll('<', '\\u003c')})`;
  const hash = createHash('sha256').update(script).digest('base64');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-${hash}'">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="dark light">
<title>Opening Pilotlight</title>
<script>${script}</script>
<p>Opening Pilotlight… If nothing happens, open the address that it printed.</p>
</html>
`;
}
