import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadsFolder } from '../../../electron/host/downloads-folder.ts';
import { createOpeningPages, openingPage } from '../../../electron/host/opening-pages.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const url = 'http://127.0.0.1:4711/#token=pilotlight_once_abc';
let root: string;
let dataFolder: string;
let downloads: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-open-test-'));
  dataFolder = join(root, 'data');
  downloads = join(root, 'Downloads');
  mkdirSync(dataFolder);
  mkdirSync(downloads);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const mode = (path: string) => statSync(path).mode & 0o777;
function open(clock = createFakeClock()) {
  return { clock, pages: createOpeningPages({ dataFolder, downloads, clock }) };
}

describe.each(['private', 'downloads'] as const)('a page (%s)', (place) => {
  it('is for this user only, under a name that was never used before', () => {
    const umask = process.umask(0);
    try {
      const { pages } = open();
      const paths = [pages.create(url, place)?.path ?? '', pages.create(url, place)?.path ?? ''];
      for (const path of paths) {
        expect([mode(path), mode(dirname(path))]).toEqual([0o600, 0o700]);
        expect(readFileSync(path, 'utf8')).toContain(url);
      }
      expect(basename(paths[0] ?? '')).not.toBe(basename(paths[1] ?? ''));
    } finally {
      process.umask(umask);
    }
  });

  it('is removed after its use, after two minutes, and at the stop', async () => {
    const { clock, pages } = open();
    const [used, late, open_] = [1, 2, 3].map(() => pages.create(url, place));
    used?.remove();
    expect(existsSync(used?.path ?? '')).toBe(false);
    open_?.remove();
    await clock.advance(2 * 60_000 - 1);
    expect(existsSync(late?.path ?? '')).toBe(true);
    await clock.advance(1);
    expect(existsSync(late?.path ?? '')).toBe(false);
    const last = pages.create(url, place);
    pages.stop();
    expect(existsSync(last?.path ?? '')).toBe(false);
    expect([readdirSync(downloads), readdirSync(dataFolder), clock.pending()]).toEqual([[], [], 0]);
  });

  it('that a killed core has left is removed at the next start', () => {
    const { path = '' } = open().pages.create(url, place) ?? {};
    open();
    expect([existsSync(path), readdirSync(downloads), readdirSync(dataFolder)]).toEqual([false, [], []]);
  });
});

it('the page that a killed core has left is removed, though the one before it was removed after its use', () => {
  const { pages } = open();
  pages.create(url, 'downloads')?.remove();
  const { path = '' } = pages.create(url, 'downloads') ?? {};
  open();
  expect([existsSync(path), readdirSync(downloads)]).toEqual([false, []]);
});

it('a list of leftovers removes nothing else', () => {
  const kept = [join(root, 'photos'), join(downloads, 'pilotlight-open-mine')];
  for (const folder of kept) mkdirSync(folder);
  const link = join(downloads, 'pilotlight-open-0123456789abcdef');
  symlinkSync(kept[0] ?? '', link);
  mkdirSync(join(dataFolder, 'open'));
  writeFileSync(join(dataFolder, 'open', 'elsewhere'), [...kept, link, '/', '', '..'].join('\n'));
  open();
  for (const folder of kept) expect(existsSync(folder)).toBe(true);
});

it('there is no page where none can be written', () => {
  const nowhere = createOpeningPages({
    dataFolder: join(root, 'missing'),
    downloads: null,
    clock: createFakeClock(),
  });
  expect([nowhere.create(url, 'private'), nowhere.create(url, 'downloads')]).toEqual([null, null]);
});

it('a link in the place of the folder is not followed', () => {
  const elsewhere = join(root, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(dataFolder, 'open'));
  const { pages } = open();
  pages.create(url, 'private');
  expect(readdirSync(elsewhere)).toEqual([]);
});

it('the page runs only its own script, sends no referrer, and breaks out of nothing', () => {
  const page = openingPage('http://127.0.0.1:1/#token=</script><script>alert(1)</script>');
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain('name="referrer" content="no-referrer"');
  expect(page).toMatch(/content="default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]{44}'"/);
});

describe('the folder for downloads', () => {
  const config = (text: string) => {
    mkdirSync(join(root, '.config'), { recursive: true });
    writeFileSync(join(root, '.config', 'user-dirs.dirs'), text);
  };
  const find = (env: Record<string, string> = {}) => downloadsFolder({ home: root, env });

  it('is the usual one, or the one that the person chose', () => {
    expect(find()).toBe(downloads);
    mkdirSync(join(root, 'Lädt herunter'));
    config('# comment\nXDG_DESKTOP_DIR="$HOME/Desktop"\nXDG_DOWNLOAD_DIR="$HOME/Lädt herunter"\n');
    expect(find()).toBe(join(root, 'Lädt herunter'));
    mkdirSync(join(root, 'other'));
    expect(find({ XDG_DOWNLOAD_DIR: join(root, 'other') })).toBe(join(root, 'other'));
  });

  it.each(['$HOME', '$HOME/', '$HOME/.hidden', 'relative', '$HOME/missing'])(
    'is none when it is %s',
    (named) => {
      mkdirSync(join(root, '.hidden'));
      config(`XDG_DOWNLOAD_DIR="${named}"\n`);
      expect(find()).toBeNull();
    },
  );
});
