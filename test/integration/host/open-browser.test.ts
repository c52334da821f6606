/** What the person's browser is started with: nothing that another user of the computer may not read. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawn } from '../../fakes/children.ts';

const headless = fileURLToPath(new URL('../../../electron/headless/headless.ts', import.meta.url));
let root: string;
const cleanups: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-browser-'));
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'Downloads'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(root, { recursive: true, force: true });
});

interface Opened {
  argv: string[];
  /** Of the page, if it was given one: its text, and the modes of the file and its folder. */
  page: { path: string; text: string; modes: number[] } | null;
}

/** A program in the PATH that reports how it was started, and reads the page as a browser would. */
async function stubBrowser(): Promise<{ opened: Promise<Opened>; report: string }> {
  const opened = Promise.withResolvers<Opened>();
  const server = createServer(async (request, reply) => {
    opened.resolve((await json(request)) as Opened);
    reply.end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  cleanups.push(() => void server.close());
  const report = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  program(
    'xdg-open',
    `#!${process.execPath}
const { readFileSync, statSync } = require('node:fs');
const { dirname } = require('node:path');
const { fileURLToPath } = require('node:url');
const argv = process.argv.slice(2);
let page = null;
if (argv[0].startsWith('file:')) {
  const path = fileURLToPath(argv[0]);
  const modes = [path, dirname(path)].map((one) => statSync(one).mode & 0o777);
  page = { path, text: readFileSync(path, 'utf8'), modes };
}
const request = require('node:http').request(process.env.STUB_REPORT, { method: 'POST' });
request.end(JSON.stringify({ argv, page }));
`,
  );
  return { opened: opened.promise, report };
}

function program(name: string, text: string): void {
  const path = join(root, 'bin', name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

/** The desktop's answer for both kinds, and its entries. */
function desktop(handlers: { file: string; address: string }, entries: Record<string, string> = {}): void {
  program(
    'xdg-mime',
    `#!/bin/sh\ncase "$3" in text/html) echo ${handlers.file};; *) echo ${handlers.address};; esac\n`,
  );
  const applications = join(root, 'share', 'applications');
  mkdirSync(applications, { recursive: true });
  for (const [name, command] of Object.entries(entries)) {
    writeFileSync(join(applications, name), `[Desktop Entry]\nExec=${command}\n`);
  }
}

/** Starts the real program; resolves with its data folder and the address that it printed. */
async function start(report: string, data = join(root, '.data')) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', headless, '--gateway-port', 'off', '--data', data],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: `${join(root, 'bin')}${delimiter}${process.env.PATH}`,
        HOME: root,
        DISPLAY: ':99',
        XDG_DATA_HOME: join(root, 'share'),
        XDG_DATA_DIRS: join(root, 'nothing'),
        XDG_CONFIG_HOME: '',
        OLLAMA_HOST: '127.0.0.1:9',
        STUB_REPORT: report,
      },
    },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  cleanups.push(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^Pilotlight is ready at (http:\S+)$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error('The program ended before it was ready.')));
  });
  return { data, url, stop: () => child.kill('SIGTERM'), ended };
}

const tokenIn = (text: string) => /#token=(pilotlight_once_\w+)/.exec(text)?.[1] ?? '';

/** The command lines of every process, as any user may read them. */
function processList(): string {
  if (!existsSync('/proc')) return '';
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

const signIn = (url: string, token: string) =>
  fetch(new URL('/api/session', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });

// Elsewhere the system opens the file itself, without asking what opens it.
describe.skipIf(process.platform !== 'linux')('the browser', () => {
  it('is started with a private page, which is gone when its token was used', async () => {
    const { opened, report } = await stubBrowser();
    desktop({ file: 'firefox.desktop', address: 'firefox.desktop' }, { 'firefox.desktop': 'firefox %u' });
    const core = await start(report);
    const { argv, page } = await opened;
    expect(argv).toEqual([expect.stringMatching(/^file:\/\/.*\/\.data\/open\/[0-9a-f]{32}\.html$/)]);
    expect(page?.modes).toEqual([0o600, 0o700]);
    const token = tokenIn(page?.text ?? '');
    expect(token).not.toBe('');
    for (const secret of [token, tokenIn(core.url)]) {
      expect(argv.join()).not.toContain(secret);
      expect(processList()).not.toContain(secret);
    }
    expect((await signIn(core.url, token)).status).toBe(200);
    expect(existsSync(page?.path ?? '')).toBe(false);
    // The printed address is another one, and still good.
    expect((await signIn(core.url, tokenIn(core.url))).status).toBe(200);
    core.stop();
    await core.ended;
    expect(existsSync(join(core.data, 'open'))).toBe(false);
  });

  it('in a sandbox gets it where it can read it, and nothing is left there', async () => {
    const { opened, report } = await stubBrowser();
    desktop(
      { file: 'firefox_firefox.desktop', address: 'firefox_firefox.desktop' },
      { 'firefox_firefox.desktop': '/snap/bin/firefox %u' },
    );
    const core = await start(report);
    const { argv, page } = await opened;
    expect(argv).toEqual([
      expect.stringMatching(/\/Downloads\/pilotlight-open-[0-9a-f]{16}\/[0-9a-f]{32}\.html$/),
    ]);
    expect(page?.modes).toEqual([0o600, 0o700]);
    expect((await signIn(core.url, tokenIn(page?.text ?? ''))).status).toBe(200);
    expect(readdirSync(join(root, 'Downloads'))).toEqual([]);
  });

  it('gets the address without a token where the page would be shown by another program', async () => {
    const { opened, report } = await stubBrowser();
    desktop({ file: 'code.desktop', address: 'firefox.desktop' });
    const core = await start(report);
    expect(await opened).toEqual({ argv: [`${new URL(core.url).origin}/`], page: null });
  });

  it('is opened by a second start too, with a page of the first one', async () => {
    const first = await stubBrowser();
    desktop({ file: 'firefox.desktop', address: 'firefox.desktop' }, { 'firefox.desktop': 'firefox %u' });
    const core = await start(first.report);
    await first.opened;
    const second = await stubBrowser();
    const joined = await start(second.report, core.data);
    const { argv, page } = await second.opened;
    expect(argv.join()).not.toContain('token');
    await joined.ended;
    // The second program has ended; its page lives with the core.
    expect((await signIn(core.url, tokenIn(page?.text ?? ''))).status).toBe(200);
    expect(existsSync(page?.path ?? '')).toBe(false);
  });
});
