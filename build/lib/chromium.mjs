// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCaptured } from './process.mjs';
import { aptInstall, canUseApt, firstThatRuns, searchPath } from './tools.mjs';

const downloadLimitMs = 5 * 60 * 1_000;

/**
 * Flags for a Chromium under test: it talks to nobody but the page's own server.
 * @param {{ isRoot: boolean }} facts a root process cannot use Chromium's sandbox
 * @returns {string[]}
 */
export function chromiumFlags({ isRoot }) {
  return [
    ...(isRoot ? ['--no-sandbox'] : []),
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
}

/**
 * Where a Chromium may be that the system or a person installed.
 * @param {{ env: NodeJS.ProcessEnv, platform: string }} facts
 * @returns {string[]}
 */
export function chromiumCandidates({ env, platform }) {
  if (platform === 'darwin') {
    return [
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ];
  }
  if (platform === 'win32') {
    return [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA].flatMap((folder) =>
      folder === undefined ? [] : [join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe')],
    );
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
  return searchPath(names, env.PATH ?? '');
}

/**
 * Finds a Chromium for the tests, or gets one: the named one, the system's, Playwright's, a download of it, and as
 * root on Debian or Ubuntu the system's package.
 * @param {{ playwright: { executablePath: string, installer: string }, node: string,
 *   say: (sentence: string) => void }} options
 * @returns {Promise<{ path: string } | { mend: string }>}
 */
export async function findChromium({ playwright, node, say }) {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return { path: named };
    return { mend: `CHROMIUM_PATH names ${named}, which is not there: correct it or unset it.` };
  }
  const facts = { env: process.env, platform: process.platform };
  const onWindows = process.platform === 'win32';
  // Chrome on Windows opens a window when it is asked for its version.
  const pick = (/** @type {string[]} */ paths) => (onWindows ? paths.find(existsSync) : firstThatRuns(paths));
  const present = await pick([...chromiumCandidates(facts), playwright.executablePath]);
  if (present !== undefined) return { path: present };

  say('Chromium is fetched by Playwright, for the end-to-end tests.');
  const fetched = await runCaptured(node, [playwright.installer, 'install', 'chromium'], {
    timeoutMs: downloadLimitMs,
  });
  if (fetched.code === 0 && existsSync(playwright.executablePath)) return { path: playwright.executablePath };

  if (canUseApt()) {
    say('Playwright’s Chromium could not be fetched; apt-get installs the package chromium.');
    await aptInstall(['chromium']);
    const installed = await pick(chromiumCandidates(facts));
    if (installed !== undefined) return { path: installed };
  }
  return {
    mend: 'The end-to-end tests need Chromium: install it, or set CHROMIUM_PATH to a Chromium or Chrome.',
  };
}
