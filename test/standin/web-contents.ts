import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CdpSession } from './cdp.ts';
import type { Browser } from './chromium.ts';
import { MessagePortMain } from './message-port.ts';
import { pageScript, preloadScript } from './page-scripts.ts';
import { answer, fromPage, toPage } from './scheme.ts';
import { defaultSession } from './session.ts';

/** The names that Electron gives the permissions, and Chromium. */
const permissions: readonly [string, string][] = [
  ['geolocation', 'geolocation'],
  ['notifications', 'notifications'],
  ['media', 'camera'],
  ['media', 'microphone'],
  ['clipboard-read', 'clipboardReadWrite'],
  ['midi', 'midi'],
  ['idle-detection', 'idleDetection'],
];

interface Paused {
  requestId: string;
  request: { url: string; method: string };
  frameId: string;
  resourceType: string;
  redirectedRequestId?: string;
}

interface Frame {
  id: string;
  url: string;
  urlFragment?: string;
  parentId?: string;
}

interface TargetInfo {
  targetId: string;
  openerId?: string;
  url: string;
}

export interface WebContentsOptions {
  browser: Promise<Browser>;
  ipc: EventEmitter;
  preload: string | undefined;
  width: number;
  height: number;
  dark: boolean;
}

/** A page of Chromium with the events that Electron's has. */
export class WebContents extends EventEmitter {
  readonly id: number;
  mainFrame = { url: '', frameTreeNodeId: 1 };
  readonly ready: Promise<CdpSession>;
  readonly #options: WebContentsOptions;
  readonly #key = `standin${randomBytes(6).toString('hex')}`;
  readonly #contexts = new Map<number, string>();
  readonly #ports = new Map<number, { port: MessagePortMain; context: number }>();
  readonly #expected = new Set<string>();
  #openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
  #targetId = '';
  #frameId = '';
  static #last = 0;

  constructor(options: WebContentsOptions) {
    super();
    WebContents.#last += 1;
    this.id = WebContents.#last;
    this.#options = options;
    this.ready = this.#open();
    this.ready.catch((error: unknown) => this.emit('standin-failed', error));
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.#openHandler = handler;
  }

  getURL(): string {
    return this.mainFrame.url;
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.ready;
    this.#expected.add(url.replace(/#.*$/s, ''));
    await page.send('Page.navigate', { url: toPage(url) });
  }

  reload(): void {
    void this.ready.then((page) => page.send('Page.reload')).catch(() => {});
  }

  async closePage(): Promise<void> {
    await this.ready.catch(() => {});
    const { cdp } = await this.#options.browser;
    await cdp.send('Target.closeTarget', { targetId: this.#targetId }).catch(() => {});
  }

  async setDark(dark: boolean): Promise<void> {
    const page = await this.ready;
    const features = [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }];
    await page.send('Emulation.setEmulatedMedia', { features });
  }

  async #open(): Promise<CdpSession> {
    const { browser, width, height, preload } = this.#options;
    const { cdp } = await browser;
    const created = await cdp.send('Target.createTarget', {
      url: 'about:blank',
      width,
      height,
      newWindow: true,
    });
    this.#targetId = String(created.targetId);
    const attached = await cdp.send('Target.attachToTarget', { targetId: this.#targetId, flatten: true });
    const page = cdp.session(String(attached.sessionId));
    this.#frameId = this.#targetId;
    this.#listen(page);
    const refused: string[] = [];
    page.on<{ url: string }>('Page.windowOpen', ({ url }) => {
      if (this.#openHandler({ url: fromPage(url) }).action === 'deny') refused.push(url);
    });
    // It is closed when it goes somewhere: before, it may share a thread with the page, and another client holds it.
    const unwanted = new Set<string>();
    cdp.on<{ targetInfo: TargetInfo }>('Target.targetCreated', ({ targetInfo }) => {
      const isMine = targetInfo.openerId === this.#targetId;
      if (isMine && refused.shift() !== undefined) unwanted.add(targetInfo.targetId);
    });
    cdp.on<{ targetInfo: TargetInfo }>('Target.targetInfoChanged', ({ targetInfo: { targetId, url } }) => {
      if (['', 'about:blank'].includes(url) || !unwanted.delete(targetId)) return;
      void cdp.send('Target.closeTarget', { targetId }).catch(() => {});
    });
    cdp.on<{ targetId: string }>('Target.targetDestroyed', ({ targetId }) => {
      if (targetId !== this.#targetId) return;
      this.#endPorts(() => true);
      this.emit('destroyed');
    });
    await cdp.send('Target.setDiscoverTargets', { discover: true });
    await page.send('Page.enable');
    await page.send('Page.setLifecycleEventsEnabled', { enabled: true });
    await page.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript(this.#key) });
    if (preload !== undefined) {
      const source = preloadScript(this.#key, readFileSync(preload, 'utf8'));
      const worldName = `${this.#key}-preload`;
      await page.send('Runtime.addBinding', { name: this.#key, executionContextName: worldName });
      await page.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName });
    }
    await page.send('Runtime.enable');
    await this.#setPermissions(cdp);
    const features = [{ name: 'prefers-color-scheme', value: this.#options.dark ? 'dark' : 'light' }];
    await page.send('Emulation.setEmulatedMedia', { features });
    return page;
  }

  /** Chromium asks nobody in the protocol, so each answer of the program is given to it before. */
  async #setPermissions(cdp: CdpSession): Promise<void> {
    for (const [asked, name] of permissions) {
      const setting = (await defaultSession.grants(asked)) ? 'granted' : 'denied';
      await cdp.send('Browser.setPermission', { permission: { name }, setting }).catch(() => {});
    }
  }

  #listen(page: CdpSession): void {
    page.on<Paused>('Fetch.requestPaused', (paused) => {
      this.#request(page, paused).catch(() => {});
    });
    page.on<{ frame: Frame }>('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId !== undefined) return;
      this.#frameId = frame.id;
      this.mainFrame = { url: fromPage(frame.url + (frame.urlFragment ?? '')), frameTreeNodeId: 1 };
    });
    page.on<{ frameId: string; url: string }>('Page.navigatedWithinDocument', ({ frameId, url }) => {
      if (frameId === this.#frameId) this.mainFrame.url = fromPage(url);
      this.emit('did-navigate-in-page', {}, fromPage(url), frameId === this.#frameId);
    });
    page.on('Page.loadEventFired', () => this.emit('did-finish-load'));
    page.on<{ name: string; frameId: string }>('Page.lifecycleEvent', ({ name, frameId }) => {
      if (name === 'firstPaint' && frameId === this.#frameId) this.emit('standin-painted');
    });
    page.on('Inspector.targetCrashed', () => {
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 });
    });
    page.on<{ context: { id: number; auxData: { frameId: string } } }>(
      'Runtime.executionContextCreated',
      ({ context }) => this.#contexts.set(context.id, context.auxData.frameId),
    );
    page.on<{ executionContextId: number }>('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      this.#contexts.delete(executionContextId);
      this.#endPorts((context) => context === executionContextId);
    });
    page.on('Runtime.executionContextsCleared', () => {
      this.#contexts.clear();
      this.#endPorts(() => true);
    });
    page.on<{ name: string; payload: string; executionContextId: number }>(
      'Runtime.bindingCalled',
      ({ name, payload, executionContextId }) => {
        if (name === this.#key) this.#fromPreload(page, JSON.parse(payload), executionContextId);
      },
    );
  }

  #endPorts(which: (context: number) => boolean): void {
    for (const [id, { port, context }] of [...this.#ports]) {
      if (!which(context)) continue;
      this.#ports.delete(id);
      port.ended();
    }
  }

  #fromPreload(
    page: CdpSession,
    message: { kind: string; id: number; data: unknown; channel: string; message: unknown; ports: number[] },
    context: number,
  ): void {
    if (message.kind === 'port') {
      this.#ports.get(message.id)?.port.receive(message.data);
      return;
    }
    const run = (expression: string) =>
      void page.send('Runtime.evaluate', { expression, contextId: context }).catch(() => {});
    const ports = message.ports.map((id) => {
      const port = new MessagePortMain({
        send: (data) => run(`${this.#key}Deliver(${id}, ${JSON.stringify(data)})`),
        close: () => run(`${this.#key}Close(${id})`),
      });
      this.#ports.set(id, { port, context });
      return port;
    });
    const isMain = this.#contexts.get(context) === this.#frameId || !this.#contexts.has(context);
    const senderFrame = isMain ? this.mainFrame : { url: '', frameTreeNodeId: 2 };
    this.#options.ipc.emit(message.channel, { sender: this, senderFrame, ports }, message.message);
  }

  /** Each request of the page: first the program's word on where it may go, then its answer. */
  async #request(page: CdpSession, paused: Paused): Promise<void> {
    const { requestId, request, resourceType, frameId } = paused;
    const url = fromPage(request.url);
    const fail = (errorReason: string) => page.send('Fetch.failRequest', { requestId, errorReason });
    const isMainFrame = frameId === this.#frameId;
    if (resourceType === 'Document' && !(isMainFrame && this.#expected.delete(url))) {
      if (!this.#mayNavigate(url, isMainFrame, paused.redirectedRequestId !== undefined)) {
        await fail('Aborted');
        return;
      }
    }
    if (await defaultSession.cancels(url, request.method)) {
      await fail('BlockedByClient');
      return;
    }
    const response = await answer(url, request.method);
    if (response === null) {
      await page.send('Fetch.continueRequest', { requestId });
      return;
    }
    if (resourceType === 'Document' && isMainFrame) this.mainFrame = { url, frameTreeNodeId: 1 };
    await page.send('Fetch.fulfillRequest', {
      requestId,
      responseCode: response.status,
      responseHeaders: [...response.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await response.arrayBuffer()).toString('base64'),
    });
  }

  #mayNavigate(url: string, isMainFrame: boolean, redirected: boolean): boolean {
    let allowed = true;
    const event = {
      url,
      isMainFrame,
      preventDefault: () => {
        allowed = false;
      },
    };
    if (redirected) this.emit('will-redirect', event);
    else {
      this.emit('will-frame-navigate', event);
      if (isMainFrame) this.emit('will-navigate', event);
    }
    return allowed;
  }
}
