// @ts-check
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCaptured } from './process.mjs';
import { aptInstall, canUseApt, firstThatRuns, searchPath } from './tools.mjs';

const downloadLimitMs = 5 * 60 * 1_000;

/**
 * Flags for a Chromium under test: it connects only to the page's own server.
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
 * Where the system or a person may have installed a Chromium.
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
 * Finds or installs a Chromium for the tests: the configured one, the system's, Playwright's, a download of it, and as
 * root on Debian or Ubuntu the system's package.
 * @param {{ playwright: { executablePath: string, installer: string }, node: string,
 *   say: (sentence: string) => void }} options
 * @returns {Promise<{ path: string } | { fix: string }>}
 */
export async function findChromium({ playwright, node, say }) {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return { path: named };
    return { fix: `CHROMIUM_PATH is ${named}, which does not exist. Correct it or unset it.` };
  }
  const facts = { env: process.env, platform: process.platform };
  const onWindows = process.platform === 'win32';
  // Chrome on Windows opens a window when asked for its version.
  const pick = (/** @type {string[]} */ paths) => (onWindows ? paths.find(existsSync) : firstThatRuns(paths));
  const present = await pick([...chromiumCandidates(facts), playwright.executablePath]);
  if (present !== undefined) return { path: present };

  say('Playwright is downloading Chromium for the end-to-end tests.');
  const fetched = await runCaptured(node, [playwright.installer, 'install', 'chromium'], {
    timeoutMs: downloadLimitMs,
  });
  if (fetched.code === 0 && existsSync(playwright.executablePath)) return { path: playwright.executablePath };

  if (canUseApt()) {
    say('Playwright could not download Chromium; installing the package chromium with apt-get.');
    await aptInstall(['chromium']);
    const installed = await pick(chromiumCandidates(facts));
    if (installed !== undefined) return { path: installed };
  }
  return {
    fix: 'The end-to-end tests need Chromium: install it, or set CHROMIUM_PATH to a Chromium or Chrome.',
  };
}
