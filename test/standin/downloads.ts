import { EventEmitter } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from './chromium.ts';
import { fromPage } from './scheme.ts';
import { defaultSession } from './session.ts';

/** A file that a page hands out. Without a path to save it to it stays in Chromium's own folder. */
class DownloadItem extends EventEmitter {
  #savePath: string | null = null;
  readonly #url: string;
  readonly #name: string;

  constructor(url: string, name: string) {
    super();
    this.#url = url;
    this.#name = name;
  }

  getURL = () => this.#url;
  getFilename = () => this.#name;

  setSavePath(path: string): void {
    this.#savePath = path;
  }

  end(state: 'completed' | 'cancelled', file: string): void {
    if (state === 'completed' && this.#savePath !== null) copyFileSync(file, this.#savePath);
    this.emit('done', {}, state);
  }
}

/** `blob:https://panel.….invalid/…` → `blob:pilotlight://panel/…`. */
const addressOf = (url: string) =>
  url.startsWith('blob:') ? `blob:${fromPage(url.slice(5))}` : fromPage(url);

/** Tells the program's session of every download, and holds Chromium to its answer. */
export async function watchDownloads(browser: Browser): Promise<Browser> {
  const { cdp, downloads: folder } = browser;
  const items = new Map<string, DownloadItem>();
  cdp.on('Browser.downloadWillBegin', (begun: { guid: string; url: string; suggestedFilename: string }) => {
    const item = new DownloadItem(addressOf(begun.url), begun.suggestedFilename);
    const event = {
      defaultPrevented: false,
      preventDefault() {
        this.defaultPrevented = true;
      },
    };
    defaultSession.emit('will-download', event, item);
    if (event.defaultPrevented) void cdp.send('Browser.cancelDownload', { guid: begun.guid }).catch(() => {});
    else items.set(begun.guid, item);
  });
  // Another client of the same Chromium, such as Playwright, may have chosen another folder.
  cdp.on('Browser.downloadProgress', (progress: { guid: string; state: string; filePath?: string }) => {
    const { guid, state, filePath = join(folder, guid) } = progress;
    if (state === 'inProgress') return;
    items.get(guid)?.end(state === 'completed' ? 'completed' : 'cancelled', filePath);
    items.delete(guid);
  });
  await cdp.send('Browser.setDownloadBehavior', {
    behavior: 'allowAndName',
    downloadPath: folder,
    eventsEnabled: true,
  });
  return browser;
}
