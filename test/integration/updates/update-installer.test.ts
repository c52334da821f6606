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
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openElectronUpdater } from '../../../electron/main/electron-updater.ts';
import { openUpdateFeed } from '../../../electron/main/update-feed.ts';
import {
  createUpdateInstaller,
  type SystemUpdater,
  type UpdateInstallerOptions,
} from '../../../electron/main/update-installer.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { sha512Of } from '../../fakes/updates/signed-release.ts';

let work: string;
let program: string;
let fresh: string;
let keepIn: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'pilotlight-installer-'));
  mkdirSync(join(work, 'apps'));
  program = join(work, 'apps', 'Pilotlight.AppImage');
  fresh = join(work, 'downloaded.exe');
  keepIn = join(work, 'updates', 'kept');
  writeFileSync(program, 'old', { mode: 0o755 });
  writeFileSync(fresh, 'new');
});
afterEach(() => {
  chmodSync(join(work, 'apps'), 0o755);
  rmSync(work, { recursive: true, force: true });
});

const never = new AbortController().signal;
const text = (path: string) => readFileSync(path, 'utf8');
const staged = (change = {}) => ({
  ...{ path: fresh, version: '9.0.0', replaces: '1.0.0', keeps: true },
  file: { size: 3, sha512: sha512Of(Buffer.from('new')) },
  ...change,
});
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: unknown) => (isPilotlightError(error) ? error.code : String(error)),
  );

function create(change: Partial<UpdateInstallerOptions> = {}) {
  const diary: string[] = [];
  const installer = createUpdateInstaller({
    ...{ form: 'appimage', program, keepIn },
    openUpdater: async () => {
      throw new Error('It is not needed here.');
    },
    quit: () => diary.push('quit'),
    relaunch: (path) => diary.push(`relaunch ${path}`),
    complain: (line) => diary.push(line),
    ...change,
  });
  return { installer, diary };
}

describe('an AppImage', () => {
  it('is replaced when the program has ended, and the former one is kept', async () => {
    const { installer, diary } = create();
    const kept = join(keepIn, '1.0.0.AppImage');
    expect(await installer.stage(staged(), never)).toEqual({ kept });
    expect(text(program)).toBe('old');
    expect(installer.finish()).toBe(false);
    expect([text(program), text(kept)]).toEqual(['new', 'old']);
    expect(diary).toEqual([]);
    // Once only.
    expect(installer.finish()).toBe(false);
  });

  it('is started again where that was asked for', async () => {
    const { installer, diary } = create();
    await installer.stage(staged(), never);
    installer.restart();
    expect(diary).toEqual(['quit']);
    installer.finish();
    expect(diary).toEqual(['quit', `relaunch ${program}`]);
  });

  it('goes back to the one that was kept', async () => {
    const { installer } = create();
    await installer.stage(staged(), never);
    installer.finish();
    const path = join(keepIn, '1.0.0.AppImage');
    const back = staged({ path, version: '1.0.0', replaces: '9.0.0', keeps: false, file: null });
    expect(await installer.stage(back, never)).toEqual({ kept: null });
    installer.finish();
    expect(text(program)).toBe('old');
  });

  it('stays where a person changed their mind', async () => {
    const { installer } = create();
    await installer.stage(staged(), never);
    installer.unstage();
    expect(installer.finish()).toBe(false);
    expect(text(program)).toBe('old');
  });

  it('is refused at once where nothing may be written', async () => {
    const { installer } = create({ program: join(work, 'nowhere', 'Pilotlight.AppImage') });
    expect(await code(installer.stage(staged(), never))).toBe('UPDATE_NOT_INSTALLED');
    expect(installer.finish()).toBe(false);
  });

  it('stays whole, and starts again, where the replacement fails at the end', async () => {
    const { installer, diary } = create();
    await installer.stage(staged(), never);
    rmSync(fresh);
    installer.restart();
    installer.finish();
    expect(text(program)).toBe('old');
    expect(diary.at(-1)).toBe(`relaunch ${program}`);
    expect(readdirSync(join(work, 'apps'))).toEqual(['Pilotlight.AppImage']);
  });
});

/** electron-updater for Windows itself, with Node below it in the place of Electron. */
function realUpdater(version: string) {
  const load = createRequire(import.meta.url);
  const { NsisUpdater } = load('electron-updater');
  const { ElectronHttpExecutor } = load('electron-updater/out/electronHttpExecutor');
  class NodeExecutor extends ElectronHttpExecutor {
    createRequest(options: RequestOptions, callback: (response: IncomingMessage) => void) {
      return request(options, callback);
    }
  }
  const appUpdateConfigPath = join(work, 'app-update.yml');
  writeFileSync(
    appUpdateConfigPath,
    'provider: generic\nurl: https://pilotlight.invalid/\nupdaterCacheDirName: pilotlight-updater\n',
  );
  const updater = new NsisUpdater(null, {
    ...{ version, name: 'pilotlight', isPackaged: true, appUpdateConfigPath },
    ...{ userDataPath: join(work, 'user'), baseCachePath: join(work, 'cache') },
    whenReady: async () => {},
    relaunch() {},
    quit() {},
    onQuit() {},
  });
  updater.httpExecutor = new NodeExecutor();
  return updater;
}

describe('a program with an installer', () => {
  /** In the place of electron-updater: it takes over what it is offered. */
  function standIn() {
    const taken: { version: string; content: string; allowsOlder: boolean }[] = [];
    const finished: boolean[] = [];
    const updater: SystemUpdater = {
      async take({ url, allowsOlder }) {
        const { version, files } = (await (await fetch(`${url}latest.yml?noCache=1`)).json()) as {
          version: string;
          files: { url: string; sha512: string }[];
        };
        const [file = { url: '', sha512: '' }] = files;
        const content = await (await fetch(new URL(file.url, url))).text();
        if (sha512Of(Buffer.from(content)) !== file.sha512) throw new Error('sha512 checksum mismatch');
        taken.push({ version, content, allowsOlder });
      },
      quitAndInstall: (restarts) => finished.push(restarts),
    };
    return { updater, taken, finished };
  }
  const windows = (updater: SystemUpdater) => create({ form: 'nsis', openUpdater: async () => updater });

  it('hands it to the updater of the system, which quits the program', async () => {
    const { updater, taken, finished } = standIn();
    const { installer } = windows(updater);
    // The installer of the first version is not here: it was never downloaded.
    expect(await installer.stage(staged(), never)).toEqual({ kept: null });
    expect(taken).toEqual([{ version: '9.0.0', content: 'new', allowsOlder: false }]);
    expect(installer.finish()).toBe(true);
    expect(finished).toEqual([false]);
    // That of the next one is.
    writeFileSync(fresh, 'newer');
    const next = staged({ version: '9.1.0', replaces: '9.0.0', file: null });
    const kept = join(keepIn, '9.0.0.exe');
    expect(await installer.stage(next, never)).toEqual({ kept });
    expect(readdirSync(keepIn).sort()).toEqual(['9.0.0.exe', '9.1.0.exe']);
    expect(text(kept)).toBe('new');
    await installer.stage(
      staged({ path: kept, version: '9.0.0', replaces: '9.1.0', keeps: false, file: null }),
      never,
    );
    expect(taken.at(-1)).toEqual({ version: '9.0.0', content: 'new', allowsOlder: true });
  });

  it.each([
    ['a newer version', '1.0.0', '9.0.0', true],
    ['the version before', '9.0.0', '1.0.0', false],
  ])('is taken over by electron-updater: %s', async (_, runs, version, keeps) => {
    const updater = realUpdater(runs);
    const { installer } = windows(
      openElectronUpdater(
        () => {},
        () => updater,
      ),
    );
    await installer.stage(staged({ version, replaces: runs, keeps }), never);
    expect(text(updater.installerPath)).toBe('new');
    expect(updater.autoInstallOnAppQuit).toBe(false);
  });

  it('is refused by electron-updater where its content is another', async () => {
    const updater = realUpdater('1.0.0');
    const { installer } = windows(
      openElectronUpdater(
        () => {},
        () => updater,
      ),
    );
    const wrong = staged({ file: { size: 3, sha512: sha512Of(Buffer.from('other')) } });
    expect(await code(installer.stage(wrong, never))).toBe('UPDATE_NOT_INSTALLED');
    expect(installer.finish()).toBe(false);
  });

  it('stays where the updater refuses it', async () => {
    const { updater } = standIn();
    const { installer } = windows(updater);
    const wrong = staged({ file: { size: 3, sha512: sha512Of(Buffer.from('other')) } });
    expect(await code(installer.stage(wrong, never))).toBe('UPDATE_NOT_INSTALLED');
    expect(installer.finish()).toBe(false);
    expect(existsSync(join(keepIn, '9.0.0.exe'))).toBe(false);
  });
});

describe('the feed for the updater', () => {
  it('is only there for programs that know its name, and only for a while', async () => {
    const feed = await openUpdateFeed(staged());
    const { origin } = new URL(feed.url);
    expect((await fetch(`${feed.url}latest.yml`)).status).toBe(200);
    expect((await fetch(`${origin}/latest.yml`)).status).toBe(404);
    expect((await fetch(`${feed.url}other.exe`)).status).toBe(404);
    await expect(
      fetch(`${feed.url}latest.yml`, { headers: { origin: 'https://page.example' } }),
    ).rejects.toThrow();
    await feed.close();
    await expect(fetch(`${feed.url}latest.yml`)).rejects.toThrow();
  });
});
