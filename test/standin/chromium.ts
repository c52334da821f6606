import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumFlags } from '../../build/lib/chromium.mjs';
import { type ChildProcess, spawn } from '../fakes/children.ts';
import { type Cdp, connectCdp } from './cdp.ts';

export interface Browser {
  cdp: Cdp;
  /** Where another client can connect. */
  endpoint: string;
  /** Where it puts the files that a page hands out. */
  downloads: string;
  kill(): void;
}

/**
 * Ends the whole group when Chromium ends, and when this process does, however it does: a kill leaves no time
 * to tidy up, but it closes the pipe that the shell reads.
 */
const lifeline = '{ "$@"; kill -9 0; } & cat >/dev/null; kill -9 0';

/** Starts a Chromium of its own, with the switches that the program appended. It reaches no host but loopback. */
export async function launchChromium(switches: readonly string[]): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'pilotlight-standin-'));
  const child: ChildProcess = spawn(
    'sh',
    [
      '-c',
      lifeline,
      'sh',
      process.env.CHROMIUM_PATH || 'chromium',
      '--headless',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ...chromiumFlags({ isRoot: process.getuid?.() === 0 }),
      ...switches.map((name) => `--${name}`),
      'about:blank',
    ],
    // A group of its own, because `chromium` may be a script that starts it, and so that all of it can be ended.
    { stdio: ['pipe', 'ignore', 'pipe'], detached: true },
  );
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  process.once('exit', kill);
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /DevTools listening on (ws:\S+)/.exec(said);
      if (found?.[1]) resolve(found[1]);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Chromium ended with ${code}:\n${said}`)));
  });
  return { cdp: await connectCdp(endpoint), endpoint, downloads: join(profile, 'handed-out'), kill };
}
