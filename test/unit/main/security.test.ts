import { EventEmitter } from 'node:events';
import type { App, IpcMain, MessagePortMain, Session, WebContents } from 'electron';
import { describe, expect, it } from 'vitest';
import { linkChannel, openLinkDoor } from '../../../electron/main/link.ts';
import { panelUrl } from '../../../electron/main/origin.ts';
import {
  hardenApp,
  hardenContents,
  hardenSession,
  windowPreferences,
} from '../../../electron/main/security.ts';

describe('windowPreferences', () => {
  it('gives the window a sandbox and no Node', () => {
    expect(windowPreferences('/preload.cjs')).toEqual({
      preload: '/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    });
  });
});

describe('hardenContents', () => {
  function createContents() {
    const asked: string[] = [];
    let openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
    const contents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: (handler: typeof openHandler) => {
        openHandler = handler;
      },
    });
    hardenContents(contents as unknown as WebContents, { openExternal: (url) => asked.push(url) });
    return {
      asked,
      open: (url: string) => openHandler({ url }).action,
      isStopped: (name: string, url: string) => {
        let stopped = false;
        contents.emit(name, { url, preventDefault: () => (stopped = true) });
        return stopped;
      },
    };
  }

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('%s stays in the panel', (name) => {
    const contents = createContents();
    expect(contents.isStopped(name, 'https://example.org/')).toBe(true);
    expect(contents.isStopped(name, 'file:///etc/passwd')).toBe(true);
    expect(contents.isStopped(name, panelUrl)).toBe(false);
  });

  it('opens no window and embeds no page', () => {
    const contents = createContents();
    expect(contents.open('https://example.org/')).toBe('deny');
    expect(contents.open(panelUrl)).toBe('deny');
    // What may go to the system's browser is decided in one place.
    expect(contents.asked).toEqual(['https://example.org/', panelUrl]);
    expect(contents.isStopped('will-attach-webview', panelUrl)).toBe(true);
  });
});

describe('hardenSession', () => {
  function createSession() {
    const handlers: Record<string, (...args: never[]) => unknown> = {};
    const keep = (name: string) => (handler: (...args: never[]) => unknown) => {
      handlers[name] = handler;
    };
    let spellChecker = true;
    const session = Object.assign(new EventEmitter(), {
      setPermissionRequestHandler: keep('request'),
      setPermissionCheckHandler: keep('check'),
      setDevicePermissionHandler: keep('device'),
      setSpellCheckerEnabled: (enabled: boolean) => {
        spellChecker = enabled;
      },
      webRequest: { onBeforeRequest: keep('load') },
    });
    hardenSession(session as unknown as Session);
    const call = (name: string, ...args: unknown[]) => {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`No handler was set for ${name}.`);
      return handler(...(args as never[]));
    };
    return { session, call, spellChecker: () => spellChecker };
  }

  it('denies every permission', () => {
    const { call } = createSession();
    const answers: boolean[] = [];
    call('request', null, 'geolocation', (granted: boolean) => answers.push(granted));
    expect(answers).toEqual([false]);
    expect(call('check', null, 'media')).toBe(false);
    expect(call('device', { deviceType: 'usb' })).toBe(false);
  });

  it('lets no request out and no download in, but for what the panel made', () => {
    const { session, call, spellChecker } = createSession();
    const cancelled = (url: string) => {
      let result: boolean | undefined;
      call('load', { url }, (answer: { cancel: boolean }) => {
        result = answer.cancel;
      });
      return result;
    };
    expect(cancelled('https://example.org/')).toBe(true);
    expect(cancelled('pilotlight://panel/assets/a.js')).toBe(false);
    expect(spellChecker()).toBe(false);
    const kept = (url: string) => {
      let prevented = false;
      session.emit('will-download', { preventDefault: () => (prevented = true) }, { getURL: () => url });
      return !prevented;
    };
    // What the panel exports it has made itself.
    expect(kept('blob:pilotlight://panel/6f0c3a52')).toBe(true);
    expect(kept('blob:https://example.org/6f0c3a52')).toBe(false);
    expect(kept('https://example.org/a.zip')).toBe(false);
    expect(kept('pilotlight://panel/assets/a.js')).toBe(false);
    expect(kept('data:text/plain,a')).toBe(false);
    // A recording that a browser cannot play.
    expect(kept('pilotlight://panel/api/v1/media?task=t')).toBe(true);
    expect(kept('pilotlight://other/api/v1/media?task=t')).toBe(false);
    expect(kept('https://example.org/api/v1/media?task=t')).toBe(false);
  });
});

describe('hardenApp', () => {
  it('sandboxes every window and hardens each page that is made', () => {
    const switches: string[] = [];
    let sandboxed = false;
    const app = Object.assign(new EventEmitter(), {
      enableSandbox: () => (sandboxed = true),
      commandLine: { appendSwitch: (name: string) => switches.push(name) },
    });
    hardenApp(app as unknown as App, { openExternal: () => {} });
    expect(sandboxed).toBe(true);
    expect(switches).toContain('disable-background-networking');
    let hasOpenHandler = false;
    const contents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: () => (hasOpenHandler = true),
    });
    app.emit('web-contents-created', {}, contents);
    expect(hasOpenHandler).toBe(true);
  });
});

describe('openLinkDoor', () => {
  function createDoor() {
    const ipc = new EventEmitter();
    const served: unknown[] = [];
    openLinkDoor({
      ipc: ipc as unknown as IpcMain,
      serve: (port: MessagePortMain) => served.push(port),
    });
    return { ipc, served };
  }

  const createPort = () => {
    const port = { closed: false, close: () => (port.closed = true) };
    return port;
  };

  it('serves the port that the panel sent', () => {
    const { ipc, served } = createDoor();
    const port = createPort();
    const senderFrame = { url: panelUrl, frameTreeNodeId: 4 };
    ipc.emit(linkChannel, { senderFrame, sender: { mainFrame: senderFrame }, ports: [port] });
    expect(served).toEqual([port]);
    expect(port.closed).toBe(false);
  });

  it.each([
    ['another page', { url: 'https://example.org/', frameTreeNodeId: 4 }, 4],
    ['a frame inside', { url: panelUrl, frameTreeNodeId: 5 }, 4],
    ['a frame that is gone', null, 4],
  ])('closes the port of %s', (_, senderFrame, mainFrameId) => {
    const { ipc, served } = createDoor();
    const port = createPort();
    const sender = { mainFrame: { frameTreeNodeId: mainFrameId } };
    ipc.emit(linkChannel, { senderFrame, sender, ports: [port] });
    expect(served).toEqual([]);
    expect(port.closed).toBe(true);
  });

  it('closes more ports than the one it wants, and needs that one', () => {
    const { ipc, served } = createDoor();
    const ports = [createPort(), createPort()];
    const senderFrame = { url: panelUrl, frameTreeNodeId: 4 };
    ipc.emit(linkChannel, { senderFrame, sender: { mainFrame: senderFrame }, ports });
    expect(served).toEqual([ports[0]]);
    expect(ports.map((port) => port.closed)).toEqual([false, true]);
    ipc.emit(linkChannel, { senderFrame, sender: { mainFrame: senderFrame }, ports: [] });
    expect(served).toHaveLength(1);
  });
});
